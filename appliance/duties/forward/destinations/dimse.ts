import { z } from 'zod'
import type { Instance } from '../../../holdings/catalog/catalog.ts'
import { storageSopClasses, transferSyntaxes } from '../../../standard/dicom/dicom.ts'
import {
  connect,
  type OutgoingAssociation,
  type OutgoingContext,
  timersSettings,
  verificationSopClass,
} from '../../../standard/dimse/dimse.ts'
import { type Fate, type Node, nodeSettings, readAhead, sendEach } from '../../nodes/nodes.ts'
import { addressesOf } from './addresses.ts'
import { atRevision, receiptOf } from './answers.ts'
import { heedCertificate } from './certificates.ts'
import { committedBy } from './commitment.ts'
import { type Destination, type Parcel, type Receipt, whyOf } from './destination.ts'
import { findContext, listHeld } from './find.ts'
import { graceAfter } from './grace.ts'
import { lost } from './lost.ts'
import {
  aeTitle,
  destinationName,
  parallel,
  type Surroundings,
  tlsSettings,
  verifyAfter,
} from './surroundings.ts'

/** A DICOM node that takes C-STORE, plain or over TLS. */
export const dimseSettings = z.strictObject({
  name: destinationName,
  kind: z.literal('dimse'),
  aet: aeTitle.describe('AE title of the destination.'),
  host: z.string().min(1).describe('Its name or address.'),
  port: z.number().int().min(1).max(65_535).default(104).describe('Its DICOM port.'),
  localAet: aeTitle.optional().describe('The AE title we call with; without it that of this box.'),
  parallel,
  verify: z
    .enum(['none', 'find', 'count', 'commitment'])
    .default('none')
    .describe(
      'What makes a delivery good: none, the answer to the C-STORE; find, that the image is listed there by C-FIND; count, that by C-FIND its series has as many images there as went there, and where it has not, that it is listed; commitment, that it commits itself to keep it (storage commitment). What is missing is sent again, and until then nothing is evicted.',
    ),
  verifyAfter,
  tls: tlsSettings.optional().describe('DICOM over TLS; without it plain DICOM.'),
  timers: timersSettings
    .prefault({})
    .describe('How long to wait for what; of silence, never of the whole.'),
})

export type DimseSettings = z.output<typeof dimseSettings>

/** PS3.8 §9.3.2.2: context ids are the odd numbers of one byte. */
const contextsAtMost = 128

/** PS3.8 table 9-18. */
const transferSyntaxesNotSupported = 4

/**
 * The longest PDU at so many bytes a second. A PDU goes out when it is full: of long ones, filled at
 * the link's pace by several associations, some seconds would carry far more than their share.
 */
function portionOf(rate: number | undefined): number | undefined {
  return rate === undefined ? undefined : Math.max(shortestPortion, rate / 64)
}

/** Below it the headers, 12 bytes each, would cost more than a hundredth of the line. */
const shortestPortion = 1200

/** PS3.5 Annex A.1: what every node takes. */
const implicitVrLittleEndian = '1.2.840.10008.1.2'

/**
 * C-STORE over one association for all parcels; over several, one after the other, when they are of
 * more than 128 kinds. Proposed is exactly what is stored: one context for each pair of SOP class
 * and transfer syntax, so that nothing has to be re-encoded to be sent.
 */
export function openDimse(settings: DimseSettings, surroundings: Surroundings): Destination {
  const addresses = addressesOf(settings.host)
  const onCertificate = heedCertificate(settings.name, surroundings)

  async function associate(contexts: readonly OutgoingContext[], cut: AbortSignal) {
    const { tls } = settings
    void addresses.learn()
    return connect({
      host: settings.host,
      port: settings.port,
      callingAeTitle: settings.localAet ?? surroundings.aeTitle,
      calledAeTitle: settings.aet,
      contexts,
      timers: settings.timers,
      ...(tls ? { tls: defined(tls) } : {}),
      stop: cut,
      longestPdu: () => portionOf(surroundings.rate?.()),
      ...{ onCertificate, log: surroundings.log },
      ...(surroundings.onRecord && { onRecord: surroundings.onRecord }),
    })
  }

  return {
    name: settings.name,

    // An AE title alone proves nothing: many nodes bear the same one.
    isSource: ({ door, callingAeTitle, address }) =>
      door === 'DicomProtocol' &&
      callingAeTitle === settings.aet.trim() &&
      address !== undefined &&
      addresses.has(address),

    async *deliver(parcels, stop) {
      let waiting: readonly Parcel[] = parcels
      while (waiting.length > 0 && !stop.aborted) {
        const { batch, rest, contexts } = nextBatch(waiting)
        const grace = graceAfter(stop, settings.timers.stop)
        try {
          const association = await associate(contexts, grace.cut)
          grace.begin()
          waiting = [...(yield* sendOver(association, batch, stop)), ...rest]
        } finally {
          grace.end()
        }
      }
    },

    async probe(stop) {
      const association = await associate(
        [{ abstractSyntax: verificationSopClass, transferSyntaxes: [implicitVrLittleEndian] }],
        stop,
      )
      try {
        // Some stores take no Verification; that they took the association is answer enough.
        if (association.accepted(verificationSopClass)) await association.echo()
      } catch (error) {
        association.abort()
        throw error
      }
      await association.release()
    },

    async held(instances, stop, delivered) {
      const commitments = surroundings.commitments?.()
      if (settings.verify === 'commitment' && commitments)
        return committedBy(commitments, nodeOf(settings), instances, stop)
      const association = await associate([findContext], stop)
      return listHeld(association, instances, settings.verify === 'count' ? delivered : undefined)
    },
  }
}

/** The same far side as a node that is asked for storage commitment. */
function nodeOf({ name, aet, host, port, localAet, tls }: DimseSettings): Node {
  return nodeSettings.parse({
    ...{ name, aet, host, port, useTls: tls !== undefined },
    ...(localAet ? { localAet } : {}),
    ...(tls ? { tlsFiles: defined(tls) } : {}),
  })
}

/**
 * One image ahead, and of it the first piece only, unlike what the nodes are sent: bytes are paced,
 * counted and timed where they are read. What is read long before it goes out passes that by.
 */
const ahead = { images: 1, bytes: 0 }

/**
 * Sends a batch over one association, and answers what is left of it: nothing but after a stop, or
 * when one of our own files broke off in the middle of its message, which only an abort can end.
 */
async function* sendOver(
  association: OutgoingAssociation,
  batch: readonly Parcel[],
  stop: AbortSignal,
): AsyncGenerator<Receipt, readonly Parcel[]> {
  const open = async ({ instance, dataset }: Parcel) => {
    const { sopClassUid, transferSyntaxUid } = instance
    const taken = association.accepted(sopClassUid, transferSyntaxUid) !== undefined
    return taken ? { transferSyntaxUid, reading: await readAhead(dataset) } : undefined
  }
  const images = batch.map(parcel => ({
    instance: parcel.instance,
    open: () => open(parcel),
    calledOff: () => parcel.calledOff?.(),
  }))
  let done = 0
  let over = false
  try {
    for await (const fate of sendEach(association, images, { ahead, cancel: stop })) {
      done++
      over = fate.how === 'broken-off' || fate.how === 'cut'
      yield receiptFor(fate, association)
      if (fate.how === 'cut') throw fate.fault
    }
    return batch.slice(done)
  } finally {
    if (over) association.abort()
    else await association.release()
  }
}

function receiptFor(fate: Fate, association: OutgoingAssociation): Receipt {
  const { instance } = fate
  switch (fate.how) {
    case 'answered':
      return atRevision(receiptOf(instance.id, fate.reply), instance)
    case 'not-taken':
      return notTaken(association, instance)
    case 'cut':
      return { instance: instance.id, outcome: 'again', why: whyOf(fate.fault) }
    case 'unread':
    case 'broken-off':
      return lost(instance.id, fate.fault)
  }
}

/** The parcels, from the front, that fit one association, with its contexts; and the others. */
function nextBatch(parcels: readonly Parcel[]): {
  batch: Parcel[]
  rest: Parcel[]
  contexts: OutgoingContext[]
} {
  const contexts = new Map<string, OutgoingContext>()
  const batch: Parcel[] = []
  const rest: Parcel[] = []
  for (const parcel of parcels) {
    const { sopClassUid, transferSyntaxUid } = parcel.instance
    const pair = `${sopClassUid} ${transferSyntaxUid}`
    if (!contexts.has(pair) && contexts.size === contextsAtMost) {
      rest.push(parcel)
      continue
    }
    contexts.set(pair, { abstractSyntax: sopClassUid, transferSyntaxes: [transferSyntaxUid] })
    batch.push(parcel)
  }
  return { batch, rest, contexts: [...contexts.values()] }
}

function notTaken(association: OutgoingAssociation, instance: Instance): Receipt {
  const { sopClassUid, transferSyntaxUid } = instance
  const answer = association.contexts.find(
    context =>
      context.abstractSyntax === sopClassUid &&
      context.transferSyntaxes.includes(transferSyntaxUid),
  )
  const syntaxOnly = answer?.result === transferSyntaxesNotSupported
  const sopClass = storageSopClasses.get(sopClassUid) ?? sopClassUid
  const syntax = transferSyntaxes.get(transferSyntaxUid)?.name ?? transferSyntaxUid
  return {
    instance: instance.id,
    outcome: 'declined',
    why: {
      code: 'peer-declined',
      detail: `takes no ${sopClass}${syntaxOnly ? ` in ${syntax}` : ''}`,
      advice: syntaxOnly
        ? `Let the destination accept the transfer syntax ${syntax} (${transferSyntaxUid}), then "retry".`
        : `Let the destination accept the SOP class ${sopClass} (${sopClassUid}), then "retry".`,
    },
  }
}

function defined<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>
  }
}
