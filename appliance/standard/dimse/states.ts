import { pduType } from './vocabulary.ts'

/**
 * The state machine of the upper layer, PS3.8 §9.2: tables 9-1 to 9-10 as data. One pure function
 * says what an event means in a state; whoever owns a connection performs the action it names.
 */
export type State =
  /** Sta1 */
  | 'idle'
  /** Sta2: the transport connection is open, an A-ASSOCIATE-RQ is awaited. */
  | 'awaiting-request'
  /** Sta3: this end's user decides on the request. */
  | 'deciding'
  /** Sta4: the transport connection is being opened. */
  | 'connecting'
  /** Sta5: the answer to our A-ASSOCIATE-RQ is awaited. */
  | 'awaiting-answer'
  /** Sta6 */
  | 'established'
  /** Sta7: the A-RELEASE-RP to our A-RELEASE-RQ is awaited. */
  | 'releasing'
  /** Sta8: the other end asks for release, this end's user has yet to answer. */
  | 'release-asked'
  /** Sta9: both asked; as requestor, this end's user has yet to answer. */
  | 'release-collided-requestor'
  /** Sta10: both asked; as acceptor, the A-RELEASE-RP comes first. */
  | 'release-collided-acceptor'
  /** Sta11: both asked; as requestor we have answered, the other's A-RELEASE-RP is awaited. */
  | 'release-collided-requestor-answered'
  /** Sta12: both asked; as acceptor we were answered, this end's user has yet to answer. */
  | 'release-collided-acceptor-answered'
  /** Sta13: the association is over, the transport connection is not yet. */
  | 'awaiting-close'

/** The rows of table 9-10; `ask-…` and `answer-…` come from this end's user. */
export type Event =
  | 'ask-associate'
  | 'transport-opened'
  | 'associate-ac'
  | 'associate-rj'
  | 'transport-accepted'
  | 'associate-rq'
  | 'answer-accept'
  | 'answer-reject'
  | 'send-data'
  | 'p-data'
  | 'ask-release'
  | 'release-rq'
  | 'release-rp'
  | 'answer-release'
  | 'ask-abort'
  | 'abort'
  | 'transport-closed'
  | 'artim-expired'
  | 'invalid-pdu'

/** What it is that a PDU of each type has come, by its type. */
export const eventOfPdu: Record<number, Event> = {
  [pduType.associateRq]: 'associate-rq',
  [pduType.associateAc]: 'associate-ac',
  [pduType.associateRj]: 'associate-rj',
  [pduType.pDataTf]: 'p-data',
  [pduType.releaseRq]: 'release-rq',
  [pduType.releaseRp]: 'release-rp',
  [pduType.abort]: 'abort',
}

/** The actions of tables 9-6 to 9-9 by the standard's own names. */
export type Action =
  | 'AE-1'
  | 'AE-2'
  | 'AE-3'
  | 'AE-4'
  | 'AE-5'
  | 'AE-6'
  | 'AE-7'
  | 'AE-8'
  | 'DT-1'
  | 'DT-2'
  | 'AR-1'
  | 'AR-2'
  | 'AR-3'
  | 'AR-4'
  | 'AR-5'
  | 'AR-6'
  | 'AR-7'
  | 'AR-8'
  | 'AR-9'
  | 'AR-10'
  | 'AA-1'
  | 'AA-2'
  | 'AA-3'
  | 'AA-4'
  | 'AA-5'
  | 'AA-6'
  | 'AA-7'
  | 'AA-8'

export type Role = 'requestor' | 'acceptor'

const leadsTo: Record<Action, State> = {
  'AE-1': 'connecting',
  'AE-2': 'awaiting-answer',
  'AE-3': 'established',
  'AE-4': 'idle',
  'AE-5': 'awaiting-request',
  'AE-6': 'deciding',
  'AE-7': 'established',
  'AE-8': 'awaiting-close',
  'DT-1': 'established',
  'DT-2': 'established',
  'AR-1': 'releasing',
  'AR-2': 'release-asked',
  'AR-3': 'idle',
  'AR-4': 'awaiting-close',
  'AR-5': 'idle',
  'AR-6': 'releasing',
  'AR-7': 'release-asked',
  // As requestor; as acceptor it is the state below.
  'AR-8': 'release-collided-requestor',
  'AR-9': 'release-collided-requestor-answered',
  'AR-10': 'release-collided-acceptor-answered',
  'AA-1': 'awaiting-close',
  'AA-2': 'idle',
  'AA-3': 'idle',
  'AA-4': 'idle',
  'AA-5': 'idle',
  'AA-6': 'awaiting-close',
  'AA-7': 'awaiting-close',
  'AA-8': 'awaiting-close',
}

/** Sta3 and Sta5 to Sta12, where an unforeseen PDU ends in AA-8 and the end of transport in AA-4. */
const associated: readonly State[] = [
  'deciding',
  'awaiting-answer',
  'established',
  'releasing',
  'release-asked',
  'release-collided-requestor',
  'release-collided-acceptor',
  'release-collided-requestor-answered',
  'release-collided-acceptor-answered',
]

type Column = Partial<Record<State, Action>>

const pdus: readonly Event[] = [
  'associate-ac',
  'associate-rj',
  'associate-rq',
  'p-data',
  'release-rq',
  'release-rp',
  'invalid-pdu',
]

/** A row for a PDU where it is not expected: table 9-10's usual cells, then those that differ. */
function pduRow(differing: Column): Column {
  const row: Column = { 'awaiting-request': 'AA-1', 'awaiting-close': 'AA-6' }
  for (const state of associated) row[state] = 'AA-8'
  return { ...row, ...differing }
}

function eachAssociated(action: Action): Column {
  return Object.fromEntries(associated.map(state => [state, action]))
}

const table: Record<Event, Column> = {
  'ask-associate': { idle: 'AE-1' },
  'transport-opened': { connecting: 'AE-2' },
  'associate-ac': pduRow({ 'awaiting-answer': 'AE-3' }),
  'associate-rj': pduRow({ 'awaiting-answer': 'AE-4' }),
  'transport-accepted': { idle: 'AE-5' },
  'associate-rq': pduRow({ 'awaiting-request': 'AE-6', 'awaiting-close': 'AA-7' }),
  'answer-accept': { deciding: 'AE-7' },
  'answer-reject': { deciding: 'AE-8' },
  'send-data': { established: 'DT-1', 'release-asked': 'AR-7' },
  'p-data': pduRow({ established: 'DT-2', releasing: 'AR-6' }),
  'ask-release': { established: 'AR-1' },
  'release-rq': pduRow({ established: 'AR-2', releasing: 'AR-8' }),
  'release-rp': pduRow({
    releasing: 'AR-3',
    'release-collided-acceptor': 'AR-10',
    'release-collided-requestor-answered': 'AR-3',
  }),
  'answer-release': {
    'release-asked': 'AR-4',
    'release-collided-requestor': 'AR-9',
    'release-collided-acceptor-answered': 'AR-4',
  },
  'ask-abort': { ...eachAssociated('AA-1'), connecting: 'AA-2' },
  abort: { ...eachAssociated('AA-3'), 'awaiting-request': 'AA-2', 'awaiting-close': 'AA-2' },
  'transport-closed': {
    ...eachAssociated('AA-4'),
    'awaiting-request': 'AA-5',
    connecting: 'AA-4',
    'awaiting-close': 'AR-5',
  },
  'artim-expired': { 'awaiting-request': 'AA-2', 'awaiting-close': 'AA-2' },
  'invalid-pdu': pduRow({ 'awaiting-close': 'AA-7' }),
}

/**
 * What is to be done, and the state that follows. `undefined`: a blank cell of table 9-10; the
 * event cannot happen in that state, or comes too late to matter.
 */
export function transition(
  state: State,
  event: Event,
  role: Role,
): { action: Action; next: State } | undefined {
  const action = table[event][state]
  if (!action) return undefined
  const next =
    action === 'AR-8' && role === 'acceptor' ? 'release-collided-acceptor' : leadsTo[action]
  return { action, next }
}

/** Is this event a PDU that may not come in this state? */
export function unexpected(state: State, event: Event): boolean {
  const action = table[event][state]
  return pdus.includes(event) && (action === 'AA-1' || action === 'AA-8')
}
