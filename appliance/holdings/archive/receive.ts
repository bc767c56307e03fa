import { Fault } from '../../faults.ts'
import type { Log } from '../../log.ts'
import { implementation, writeFileMeta } from '../../standard/dicom/dicom.ts'
import type { Catalog, Instance, Origin, Register } from '../catalog/catalog.ts'
import type { BlobKey, Blobs, Bytes } from '../storage/storage.ts'
import type { Announced, Received } from './archive.ts'
import type { Capacity } from './capacity.ts'
import type { Claims } from './claims.ts'
import { type Described, describe } from './describe.ts'
import { type Note, writeNote } from './note.ts'
import { type Passed, passing, passingDataset } from './passing.ts'
import { removeGivenUp } from './removal.ts'
import type { ArchiveSettings } from './settings.ts'
import type { Stability } from './stability.ts'
import type { Took } from './timed.ts'
import type { Watermark } from './watermark.ts'

export interface Receiving {
  blobs: Blobs
  catalog: Catalog
  register: Register
  settings: ArchiveSettings
  capacity: Capacity
  watermark: Watermark
  claims: Claims
  stability: Stability
  now: () => Date
  /** Monotonic clock in milliseconds. */
  elapsed: () => number
  took: Took
  log: Log
  /** How text is read that names no character set. */
  characterSet: () => string
}

/** Thrown through storage to have a blob's bytes thrown away that need not be kept again. */
class AlreadyKept {
  readonly received: Received
  constructor(received: Received) {
    this.received = received
  }
}

/** See `Archive.receiveDataset`. */
export function receiveDataset(
  parts: Receiving,
  dataset: Bytes,
  announced: Announced,
  origin: Origin,
): Promise<Received> {
  const head = writeFileMeta({
    ...announced,
    implementationClassUid: implementation.classUid,
    implementationVersionName: implementation.versionName,
    ...(origin.callingAeTitle && { sourceAeTitle: origin.callingAeTitle }),
    ...(origin.calledAeTitle && { receivingAeTitle: origin.calledAeTitle }),
  })
  return receive(parts, origin, announced, decide =>
    passingDataset(head, announced.transferSyntaxUid, dataset, decide, parts.capacity.take),
  )
}

/** See `Archive.receiveFile`. */
export function receiveFile(parts: Receiving, file: Bytes, origin: Origin): Promise<Received> {
  return receive(parts, origin, undefined, decide => passing(file, decide, parts.capacity.take))
}

/** What is to become of the instance whose bytes have all arrived. */
type Decision = { described: Described; note: Note; transferSyntaxUid: string }

/**
 * One pass: the bytes go into a blob while they are walked over; at their end it is decided, with
 * nobody else deciding on the same instance, whether and as what they are kept; when the blob would
 * survive a power cut it is listed. Nothing is listed that is not durable.
 */
async function receive(
  parts: Receiving,
  origin: Origin,
  announced: Announced | undefined,
  pass: (decide: (passed: Passed) => Bytes) => Bytes,
): Promise<Received> {
  const { blobs, capacity, register, watermark } = parts
  await capacity.admit()
  let release: (() => void) | undefined
  let decision: Decision | undefined
  let arrived = 0
  const settle = watermark.begin()

  async function* decide(passed: Passed): Bytes {
    const described = describe(passed.walked.dataset({ defaultCharacterSet: parts.characterSet() }))
    if (announced) requireAnnounced(described, announced)
    release = await parts.claims.claim(described.instance.id)
    const note = decideOn(parts, described, passed, origin)
    decision = { described, note, transferSyntaxUid: passed.transferSyntaxUid }
    yield writeNote(note, passed.transferSyntaxUid)
    arrived = parts.elapsed()
  }

  try {
    const { key } = await blobs.write(pass(decide))
    parts.took('create', parts.elapsed() - arrived)
    const received = await listOrRemove(parts, key, decision!)
    // It is listed: whatever fails from here on, its blob stays.
    if (received.outcome === 'kept') parts.stability.touch(received.instance)
    settle(key)
    if (decision!.note.revision) replaced(parts)
    const settled = watermark.value()
    if (settled !== undefined) register.advance(settled)
    return received
  } catch (thrown) {
    if (thrown instanceof AlreadyKept) return thrown.received
    throw thrown
  } finally {
    settle()
    release?.()
  }
}

/** Not listed is not kept: the sender is told so, and must not find half of it. */
async function listOrRemove(parts: Receiving, key: BlobKey, decision: Decision): Promise<Received> {
  try {
    return list(parts, key, decision)
  } catch (thrown) {
    // What it completes is told after it was listed; then only the telling failed.
    const listed = parts.catalog.instance(decision.described.instance.id)
    if (listed?.blob !== key) await parts.blobs.remove(key)
    throw thrown
  }
}

/** The blob that was replaced goes in the background; should it not go now, the next start has it. */
function replaced(parts: Receiving): void {
  removeGivenUp(parts, parts.register.givenUp()).catch((thrown: Error) => {
    const advice = 'Its space is given back at the next start; check the disk.'
    parts.log.warn('replaced-blob-not-removed', { detail: thrown.message, advice })
  })
}

function requireAnnounced({ instance }: Described, announced: Announced): void {
  for (const field of ['sopClassUid', 'sopInstanceUid'] as const) {
    if (instance[field] !== announced[field]) {
      throw new Fault('identifiers-contradict', `the dataset's ${field} is not the command's`)
    }
  }
}

/** Faults: `instance-conflicts`. Throws `AlreadyKept` for what needs no second blob. */
function decideOn(
  { catalog, register, settings, log }: Receiving,
  { instance }: Described,
  passed: Passed,
  origin: Origin,
): Note {
  const { bytes, datasetOffset, metaDigest, datasetDigest, walked } = passed
  const { pixelDataOffset } = walked
  const note: Note = {
    ...{ origin, bytes, datasetOffset, metaDigest, datasetDigest },
    ...(pixelDataOffset !== undefined && { pixelDataOffset: datasetOffset + pixelDataOffset }),
  }
  const first = catalog.instance(instance.id)
  if (!first) return note
  if (register.isDamaged(first.blob)) {
    // What the disk lost is mended by whoever sends it again, when it is the same.
    if (first.datasetDigest === datasetDigest) {
      return { ...note, revision: (first.revision ?? 0) + 1 }
    }
  } else if (first.datasetDigest === datasetDigest) {
    throw new AlreadyKept({ outcome: 'repeated', instance: first })
  }
  if (settings.sameUidOtherBytes === 'refuse') {
    throw new Fault('instance-conflicts', 'other bytes are kept under its SOP Instance UID')
  }
  if (settings.sameUidOtherBytes === 'overwrite') {
    const revision = (first.revision ?? 0) + 1
    log.info('instance-overwritten', {
      ...{ sopInstanceUid: instance.sopInstanceUid, revision, door: origin.door },
      callingAeTitle: origin.callingAeTitle,
      ...{ was: first.datasetDigest, is: datasetDigest },
    })
    return { ...note, revision }
  }
  for (const { instance: aside } of register.quarantined()) {
    if (aside.id === instance.id && aside.datasetDigest === datasetDigest) {
      throw new AlreadyKept({ outcome: 'quarantined', instance: aside })
    }
  }
  log.warn('instance-quarantined', {
    sopInstanceUid: instance.sopInstanceUid,
    callingAeTitle: origin.callingAeTitle,
    advice: 'Two different images carry the same SOP Instance UID; look at both in quarantine.',
  })
  return { ...note, aside: 'same-uid-other-bytes' }
}

/** Makes a durable blob known as what its note says. Its old blob, when replaced, is given up. */
export function list(
  { register, now }: Pick<Receiving, 'register' | 'now'>,
  blob: BlobKey,
  { described, note, transferSyntaxUid }: Decision,
): Received {
  const { origin, bytes, datasetOffset, pixelDataOffset, metaDigest, datasetDigest } = note
  const instance: Instance = {
    ...described.instance,
    ...{ transferSyntaxUid, blob, bytes, datasetOffset, metaDigest, datasetDigest, origin },
    ...(pixelDataOffset !== undefined && { pixelDataOffset }),
  }
  if (note.aside) {
    register.setAside({ instance, reason: note.aside, at: now().toISOString() })
    return { outcome: 'quarantined', instance }
  }
  if (note.revision) register.replace({ ...described, instance })
  else register.record({ ...described, instance })
  return { outcome: 'kept', instance }
}
