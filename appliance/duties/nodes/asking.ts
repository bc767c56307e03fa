import type { Archive } from '../../holdings/archive/archive.ts'
import type { Instance, Level } from '../../holdings/catalog/catalog.ts'
import type { Dataset, NewElement } from '../../standard/dicom/dicom.ts'
import {
  type OutgoingAssociation,
  type Reply,
  type StoreRequest,
  statusKind,
  verificationSopClass,
} from '../../standard/dimse/dimse.ts'
import type { Transcoder } from '../../standard/pixels/pixels.ts'
import { associate, type Call, type Calling } from './association.ts'
import { find } from './find.ts'
import { type Capabilities, type ProbeOptions, probe } from './probe.ts'
import { agreedSyntax, contextFor, once, refusal } from './question.ts'
import { get, move } from './retrieve.ts'
import { store } from './send.ts'
import type { Node } from './settings.ts'

/** How a question may be ended before its answer. */
export interface Asked {
  /** Asks the node to stop (C-CANCEL) where the service has it; what it answers still comes. */
  cancel?: AbortSignal
  /** Ends the association at once, by an abort; the fault is `cancelled`. */
  stop?: AbortSignal
}

/** The information models of PS3.4 C.6 and K.6. */
export type Model = 'patient' | 'study' | 'worklist'

export interface Query {
  /** Default: `patient` at that level, else `study`. */
  model?: Model
  /** Of `worklist` none. */
  level?: Level
  /**
   * Keys to match and, empty, keys to return; QueryRetrieveLevel is added. Without a
   * SpecificCharacterSet, text that is not ASCII goes out as UTF-8 and is marked so.
   */
  identifier: readonly NewElement[]
}

/** One match of a C-FIND, as it came and as it reads. */
export interface Match {
  bytes: Uint8Array
  transferSyntaxUid: string
  dataset: Dataset
}

/** What to fetch: the unique keys of the level and those above it (PS3.4 C.4.2.1.4.1). */
export interface Wanted {
  /** Default: `patient` at that level, else `study`. */
  model?: Exclude<Model, 'worklist'>
  level: Level
  identifier: readonly NewElement[]
  /** Of a C-GET: the SOP classes to be ready for; without it all the association has room for. */
  sopClasses?: readonly string[]
}

/** Sub-operations of a C-MOVE or C-GET. What a node does not count is left out. */
export interface Progress {
  remaining?: number
  completed?: number
  failed?: number
  warning?: number
  /** Of the last one. `warning`: done, but some sub-operations failed. */
  ended?: 'success' | 'warning' | 'cancelled'
  /** Of the last one: SOP Instance UIDs that did not come, as far as the node names them. */
  failedInstances?: readonly string[]
}

/** What became of one instance that was to be sent. */
export type Sent = { instance: Instance } & (
  | { outcome: 'taken'; status: number }
  /** `warning` is taken too; a fault says why it was not. */
  | { outcome: 'failed'; status?: number; code: string; why: string }
)

export interface SendOptions extends Asked {
  moveOriginatorAeTitle?: string
  moveOriginatorMessageId?: number
}

/**
 * What we ask of remote nodes. A node is a value: to ask under another AE title, address or time
 * out, give a changed copy. Faults of all: `peer-unreachable`, `peer-refused`, `peer-declined` (it
 * has no such service), `peer-failed` (its status and comment in the detail), `peer-timeout`,
 * `peer-aborted`, `protocol-broken`, `cancelled`.
 */
export interface Asking {
  /** For services that have no question here: an association by the node's own settings. */
  associate(node: Node, call: Call): Promise<OutgoingAssociation>
  /** C-ECHO. */
  echo(node: Node, asked?: Asked): Promise<void>
  /** C-FIND. Breaking off the loop cancels. Ends early, without a fault, when cancelled. */
  find(node: Node, query: Query, asked?: Asked): AsyncIterable<Match>
  /** C-MOVE to `targetAet`, by default ourselves. The last progress has `ended`. */
  move(node: Node, wanted: Wanted & { targetAet?: string }, asked?: Asked): AsyncIterable<Progress>
  /** C-GET into the archive. The last progress has `ended`. */
  get(node: Node, wanted: Wanted, asked?: Asked): AsyncIterable<Progress>
  /** `get`, or `move` to ourselves, as the node's `retrieveMethod` says. */
  retrieve(node: Node, wanted: Wanted, asked?: Asked): AsyncIterable<Progress>
  /**
   * C-STORE of stored instances, over as many associations as their kinds need. One answer for each
   * instance, in order; a fault of the association itself ends the loop.
   */
  store(node: Node, instances: readonly Instance[], options?: SendOptions): AsyncIterable<Sent>
  /** Finds out what a node takes without sending it anything to keep. */
  probe(node: Node, options?: ProbeOptions): Promise<Capabilities>
}

export interface AskingParts {
  calling: Calling
  archive: Pick<Archive, 'open'>
  /** Converts what a node does not take as it is; without it, that is not sent. */
  transcoder?: Pick<Transcoder, 'transcode'>
  /** Keeps what comes in a C-GET, as the door keeps what is sent to it. */
  receive: (request: StoreRequest) => Promise<Reply>
  /** ms since 1970, for the days that a certificate has left. */
  now: () => number
}

export function createAsking(parts: AskingParts): Asking {
  const { calling, receive, now } = parts
  const asking: Asking = {
    associate: (node, call) => associate(node, calling, call),

    echo: (node, { cancel, stop = cancel } = {}) =>
      once(
        associate(node, calling, { contexts: [contextFor(verificationSopClass)], stop }),
        async association => {
          agreedSyntax(association, verificationSopClass, 'C-ECHO')
          const reply = await association.echo()
          if (statusKind(reply.status) === 'failure') throw refusal('C-ECHO', reply)
        },
      ),

    find: (node, query, asked) => find(calling, node, query, asked),
    move: (node, wanted, asked) => move(calling, node, wanted, asked),
    get: (node, wanted, asked) => get({ ...calling, receive }, node, wanted, asked),
    retrieve: (node, wanted, asked) =>
      asking[node.retrieveMethod === 'C-GET' ? 'get' : 'move'](node, wanted, asked),
    store: (node, instances, options) => store(parts, node, instances, options),
    probe: (node, options) => probe({ ...calling, now }, node, options),
  }
  return asking
}
