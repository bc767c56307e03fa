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
import { type Fate, type Opened, sendEach } from './outgoing.ts'
import { during, plainSyntaxes } from './question.ts'
import { readAhead } from './reading.ts'
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

/** So many images, or so many bytes of them, are read ahead. */
const ahead = { images: 8, bytes: 2 * 1024 * 1024 }

/**
 * C-STORE of instances over an association that stands, whoever asked for it. Answers how many are
 * done with: fewer than all when a file of ours broke off in the middle of a message, which ends the
 * association, or when it was called off. Throws the fault that ended the association otherwise.
 */
export async function* sendOver(
  parts: Sending,
  peer: Pick<Peer, 'accepted' | 'store'>,
  instances: readonly Instance[],
  options: Omit<SendOptions, 'stop'> = {},
): AsyncGenerator<Sent, number> {
  const images = instances.map(instance => ({ instance, open: () => open(parts, peer, instance) }))
  let done = 0
  for await (const fate of sendEach(peer, images, { ahead, ...options })) {
    if (fate.how === 'cut') throw fate.fault
    done++
    yield sentOf(fate, parts.transcoder !== undefined)
  }
  return done
}

/**
 * So much of an image is converted before its message begins: a code stream that turns out to be
 * broken then costs this image only, and not the association.
 */
const convertedAhead = 32 * 1024 * 1024

/** One that storage reads in one go is known to be whole only when more of it was asked for. */
const storedAhead = 1024 * 1024 + 1

/** As stored where the peer takes that, else converted without loss where it may be. */
async function open(
  { archive, transcoder }: Sending,
  peer: Pick<Peer, 'accepted'>,
  { id, sopClassUid, transferSyntaxUid: stored, datasetOffset, bytes }: Instance,
): Promise<Opened | undefined> {
  const takes = (uid: string) => peer.accepted(sopClassUid, uid) !== undefined
  const convertsTo = (uid: string) => convertible(stored, uid) && takes(uid)
  const range = { from: datasetOffset, to: bytes }
  if (takes(stored)) {
    const asStored = () => archive.open(id, range, rooms.take(bytes - datasetOffset))
    return { transferSyntaxUid: stored, reading: await readAhead(asStored, storedAhead) }
  }
  const targets = transcoder ? losslessTargets.filter(convertsTo) : []
  for (const [at, to] of targets.entries()) {
    const converted = () => transcoder!.transcode(archive.open(id, range), stored, to)
    const reading = await readAhead(converted, convertedAhead)
    // One codec takes what another does not
    const next = reading.fault()?.code === 'not-supported' && at + 1 < targets.length
    if (!next) return { transferSyntaxUid: to, reading }
    await reading.close()
  }
  return undefined
}

function sentOf(fate: Exclude<Fate, { how: 'cut' }>, converting: boolean): Sent {
  const { instance } = fate
  if (fate.how === 'not-taken') {
    const { sopClassUid, transferSyntaxUid: uid } = instance
    const sopClass = storageSopClasses.get(sopClassUid) ?? sopClassUid
    const syntax = transferSyntaxes.get(uid)?.name ?? uid
    const nor = converting ? ', nor in one it is converted to without loss' : ''
    const why = `takes no ${sopClass} in ${syntax}${nor}`
    return { instance, outcome: 'failed', code: 'peer-declined', why }
  }
  if (fate.how !== 'answered') {
    const { code, detail, advice } = fate.fault
    return { instance, outcome: 'failed', code, why: detail || advice }
  }
  const { status, errorComment } = fate.reply
  const kind = statusKind(status)
  if (kind === 'success' || kind === 'warning') return { instance, outcome: 'taken', status }
  const why = `C-STORE was answered ${formatStatus(status)}${errorComment ? `: ${errorComment}` : ''}`
  return { instance, outcome: 'failed', status, code: 'peer-failed', why }
}
