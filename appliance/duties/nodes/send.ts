import type { Archive } from '../../holdings/archive/archive.ts'
import type { Instance } from '../../holdings/catalog/catalog.ts'
import {
  explicitLittleEndian,
  storageSopClasses,
  transferSyntaxes,
} from '../../standard/dicom/dicom.ts'
import {
  formatStatus,
  type OutgoingAssociation,
  type OutgoingContext,
  type Peer,
  statusKind,
} from '../../standard/dimse/dimse.ts'
import { convertible, losslessTargets, type Transcoder } from '../../standard/pixels/pixels.ts'
import type { SendOptions, Sent } from './asking.ts'
import { associate, type Calling } from './association.ts'
import { during, plainSyntaxes } from './question.ts'
import { type Reading, readAhead } from './reading.ts'
import { rooms } from './rooms.ts'
import type { Node } from './settings.ts'
import { mostContexts } from './storageContexts.ts'

/** Where what is sent comes from. Without a transcoder it goes out as it is or not at all. */
export interface Sending {
  archive: Pick<Archive, 'open'>
  transcoder?: Pick<Transcoder, 'transcode'>
}

/** Offered beside the plain ones, to whoever takes nothing else. */
const compressedSyntaxes = losslessTargets.filter(uid => transferSyntaxes.get(uid)?.encapsulated)

/**
 * C-STORE as SCU: stored bytes go out unread where the node takes them as they are, else converted
 * where it may be, without loss. One context for each pair of SOP class and transfer syntax that
 * occurs, and two for each SOP class to convert to; further associations when there are more than one has room for,
 * and after one that a file of ours broke off in the middle of a message.
 */
export async function* store(
  parts: Sending & { calling: Calling },
  node: Node,
  instances: readonly Instance[],
  { stop, ...options }: SendOptions = {},
): AsyncGenerator<Sent, void, undefined> {
  const { archive } = parts
  const transcoder = node.allows.transcoding ? parts.transcoder : undefined
  const sending = { archive, ...(transcoder ? { transcoder } : {}) }
  let waiting = instances
  while (waiting.length > 0 && !options.cancel?.aborted) {
    const { batch, contexts } = fitting(waiting, transcoder !== undefined)
    const association = await openUnless(options.cancel, stop, signal =>
      associate(node, parts.calling, { contexts, stop: signal }),
    )
    if (!association) return
    const done = yield* during(Promise.resolve(association), () =>
      sendOver(sending, association, batch, options),
    )
    waiting = waiting.slice(done)
  }
}

/** An association, or none when it is called off before it stands; `stop` ends it later too. */
async function openUnless(
  cancel: AbortSignal | undefined,
  stop: AbortSignal | undefined,
  open: (stop: AbortSignal) => Promise<OutgoingAssociation>,
): Promise<OutgoingAssociation | undefined> {
  const calledOff = new AbortController()
  const callOff = () => calledOff.abort()
  cancel?.addEventListener('abort', callOff, { once: true })
  try {
    return await open(stop ? AbortSignal.any([stop, calledOff.signal]) : calledOff.signal)
  } catch (thrown) {
    if (calledOff.signal.aborted && !stop?.aborted) return undefined
    throw thrown
  } finally {
    cancel?.removeEventListener('abort', callOff)
  }
}

/** The instances from the front that fit one association, with its contexts. */
function fitting(
  instances: readonly Instance[],
  converting: boolean,
): { batch: readonly Instance[]; contexts: OutgoingContext[] } {
  const contexts = new Map<string, OutgoingContext>()
  for (const [at, { sopClassUid, transferSyntaxUid }] of instances.entries()) {
    const wanted = [
      { abstractSyntax: sopClassUid, transferSyntaxes: [transferSyntaxUid] },
      ...(converting && convertible(transferSyntaxUid, explicitLittleEndian)
        ? [plainSyntaxes, compressedSyntaxes].map(syntaxes => ({
            abstractSyntax: sopClassUid,
            transferSyntaxes: syntaxes,
          }))
        : []),
    ].map(context => [`${sopClassUid} ${context.transferSyntaxes}`, context] as const)
    const more = wanted.filter(([key]) => !contexts.has(key))
    if (contexts.size + more.length > mostContexts)
      return { batch: instances.slice(0, at), contexts: [...contexts.values()] }
    for (const [key, context] of more) contexts.set(key, context)
  }
  return { batch: instances, contexts: [...contexts.values()] }
}

/**
 * C-STORE of instances over an association that stands, whoever asked for it; the next one is opened
 * while one is on its way. Answers how many are done with: fewer than all when a file of ours broke
 * off in the middle of a message, which ends the association.
 */
export async function* sendOver(
  parts: Sending,
  peer: Pick<Peer, 'accepted' | 'store'>,
  instances: readonly Instance[],
  { cancel, ...originator }: Omit<SendOptions, 'stop'> = {},
): AsyncGenerator<Sent, number> {
  const packed: Promise<Parcel>[] = []
  let next = 0
  let ahead = 0
  const packMore = () => {
    while (next < instances.length && (packed.length === 0 || fits(instances[next]!))) {
      const instance = instances[next++]!
      ahead += instance.bytes
      packed.push(pack(parts, peer, instance))
    }
  }
  const fits = ({ bytes }: Instance) => packed.length < mostAhead && ahead + bytes <= bytesAhead
  try {
    for (const [at, { bytes }] of instances.entries()) {
      if (cancel?.aborted) break
      packMore()
      const parcel = await packed.shift()!
      ahead -= bytes
      const sending = send(peer, parcel, originator)
      packMore()
      const { sent, broken } = await sending
      if (!broken) rooms.free(parcel.going?.reading.whole)
      yield sent
      if (broken) return at + 1
    }
    return instances.length
  } finally {
    for (const parcel of packed) await (await parcel).going?.reading.close()
  }
}

/** So many images, or so many bytes of them, are read ahead; always one. */
const mostAhead = 8
const bytesAhead = 2 * 1024 * 1024

/**
 * So much of an image is converted before its message begins: a code stream that turns out to be
 * broken then costs this image only, and not the association.
 */
const convertedAhead = 32 * 1024 * 1024

/** One that storage reads in one go is known to be whole only when more of it was asked for. */
const storedAhead = 1024 * 1024 + 1

/** An instance on its way, its first bytes already read. */
interface Parcel {
  instance: Instance
  /** Whether it might have been converted. */
  converting: boolean
  /** None when the peer takes none of the transfer syntaxes that we can give. */
  going?: { transferSyntaxUid: string; reading: Reading }
}

async function pack(
  { archive, transcoder }: Sending,
  peer: Pick<Peer, 'accepted'>,
  instance: Instance,
): Promise<Parcel> {
  const { id, sopClassUid, transferSyntaxUid: stored, datasetOffset, bytes } = instance
  const takes = (uid: string) => peer.accepted(sopClassUid, uid) !== undefined
  const convertsTo = (uid: string) => convertible(stored, uid) && takes(uid)
  const converting = transcoder !== undefined
  const targets = converting ? losslessTargets.filter(convertsTo) : []
  const range = { from: datasetOffset, to: bytes }
  if (takes(stored)) {
    const open = () => archive.open(id, range, rooms.take(bytes - datasetOffset))
    return { instance, converting, going: going(stored, await readAhead(open, storedAhead)) }
  }
  for (const [at, to] of targets.entries()) {
    const open = () => transcoder!.transcode(archive.open(id, range), stored, to)
    const reading = await readAhead(open, convertedAhead)
    // One codec takes what another does not
    const next = reading.fault()?.code === 'not-supported' && at + 1 < targets.length
    if (!next) return { instance, converting, going: going(to, reading) }
    await reading.close()
  }
  return { instance, converting }
}

const going = (transferSyntaxUid: string, reading: Reading) => ({ transferSyntaxUid, reading })

async function send(
  peer: Pick<Peer, 'store'>,
  { instance, converting, going }: Parcel,
  originator: Pick<SendOptions, 'moveOriginatorAeTitle' | 'moveOriginatorMessageId'>,
): Promise<{ sent: Sent; broken?: boolean }> {
  const { sopClassUid, sopInstanceUid } = instance
  const failed = (code: string, why: string, status?: number): Sent => ({
    ...{ instance, outcome: 'failed', code, why },
    ...(status === undefined ? {} : { status }),
  })
  if (!going) {
    const sopClass = storageSopClasses.get(sopClassUid) ?? sopClassUid
    const { transferSyntaxUid: uid } = instance
    const syntax = transferSyntaxes.get(uid)?.name ?? uid
    const nor = converting ? ', nor in one it is converted to without loss' : ''
    const why = `takes no ${sopClass} in ${syntax}${nor}`
    return { sent: failed('peer-declined', why) }
  }
  const { transferSyntaxUid, reading } = going
  const local = () => {
    const fault = reading.fault()
    return fault && failed(fault.code, fault.detail || fault.advice)
  }
  try {
    const unread = local()
    if (unread) return { sent: unread }
    const reply = await peer.store({
      ...{ sopClassUid, sopInstanceUid, transferSyntaxUid, data: reading.whole ?? reading.bytes },
      ...originator,
    })
    const { status, errorComment } = reply
    const kind = statusKind(status)
    if (kind === 'success' || kind === 'warning')
      return { sent: { instance, outcome: 'taken', status } }
    const why = `C-STORE was answered ${formatStatus(status)}${errorComment ? `: ${errorComment}` : ''}`
    return { sent: failed('peer-failed', why, status) }
  } catch (thrown) {
    const sent = local()
    if (!sent) throw thrown
    // A message that was begun cannot be taken back, and ends its association.
    return { sent, broken: reading.begun() }
  } finally {
    await reading.close()
  }
}
