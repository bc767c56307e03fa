import type { Fault } from '../../../faults.ts'
import type { Instance, Origin, PublicId } from '../../../holdings/catalog/catalog.ts'
import type { Bytes } from '../../../holdings/storage/storage.ts'
import type { Delivered } from './counting.ts'

/** One instance on its way to one destination, with its bytes still in the archive. */
export interface Parcel {
  instance: Instance
  /** The dataset alone, as stored. A local fault (`not-found`, `storage-failed`, …) comes out here. */
  dataset(): Bytes
  /** The whole Part 10 file, as stored. */
  file(): Bytes
  /**
   * Why it is not to be sent any more, if it is not. Asked when its turn has come, however long
   * before it was opened.
   */
  calledOff?(): Fault | undefined
}

/** Why a delivery stands as it does, for a person; `code` is for programs. */
export interface Why {
  code: string
  detail: string
  advice: string
  /** Seconds after which the far side asked to be tried again (HTTP's Retry-After). */
  retryAfter?: number
}

export function whyOf({ code, detail, advice, retryAfter }: Fault): Why {
  return { code, detail, advice, ...(retryAfter === undefined ? {} : { retryAfter }) }
}

/**
 * What became of one parcel. `status` is the protocol's own number: a DIMSE status, for a STOW
 * instance its failure reason, else the HTTP status.
 * - `accepted`: the far side has it.
 * - `again`: not now; the same parcel may pass later. `unwell` says that the answer tells of the
 *   destination as a whole (no room left there) and not of this one parcel.
 * - `declined`: the same parcel will not pass until a person changes something.
 * - `gone`: the archive no longer holds it.
 */
export type Receipt =
  | { instance: PublicId; outcome: 'accepted'; status?: number; why?: Why }
  | { instance: PublicId; outcome: 'again'; status?: number; why: Why; unwell?: boolean }
  | { instance: PublicId; outcome: 'declined'; status?: number; why: Why }
  | { instance: PublicId; outcome: 'gone'; why: Why }

/** A place that instances are delivered to. It keeps nothing: what is owed is the ledger's. */
export interface Destination {
  name: string

  /** Whether this is where an instance came from: it is not sent back there. */
  isSource(origin: Origin): boolean

  /**
   * Sends parcels and yields a receipt for each one as soon as its fate is known, in any order; a
   * parcel without a receipt is still owed. Throws the fault that ended the connection, after the
   * receipt (`again`) of the parcel that was on its way then. On `stop` no further parcel begins; the
   * one on its way may finish, and what shares a request with it still has its receipts. A consumer
   * may leave the iteration at any receipt, which ends the connection in order; where several share a
   * request, `enough` is asked between them, and ends the delivery there with their receipts. Several deliveries
   * may go on at once. Faults: `peer-unreachable`, `peer-refused`, `peer-timeout`, `peer-aborted`,
   * `peer-failed`, `protocol-broken`, `settings-refused` (a certificate or key of ours).
   */
  deliver(
    parcels: readonly Parcel[],
    stop: AbortSignal,
    enough?: () => boolean,
  ): AsyncIterable<Receipt>

  /** Asks whether it would take anything now, without sending any image. The same faults. */
  probe(stop: AbortSignal): Promise<void>

  /**
   * Which of these instances, all of one study, the far side says it has: their SOP Instance UIDs.
   * With `delivered` a kind may believe the far side's count of a series instead of its list, where
   * the settings say so. Absent in a kind that cannot ask. The same faults, and `peer-declined`, `peer-failed` when it
   * does not answer such questions.
   */
  held?(
    instances: readonly Instance[],
    stop: AbortSignal,
    delivered?: Delivered,
  ): Promise<ReadonlySet<string>>
}
