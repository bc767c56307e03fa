import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Action, type Event, type State, transition, unexpected } from './states.ts'

/** Sta1 to Sta13 in the order of PS3.8 tables 9-1 to 9-5. */
const states: readonly State[] = [
  'idle',
  'awaiting-request',
  'deciding',
  'connecting',
  'awaiting-answer',
  'established',
  'releasing',
  'release-asked',
  'release-collided-requestor',
  'release-collided-acceptor',
  'release-collided-requestor-answered',
  'release-collided-acceptor-answered',
  'awaiting-close',
]

/** PS3.8 table 9-10, row by row; columns Sta1 to Sta13, `-` for a blank cell. */
const table: Record<Event, string> = {
  'ask-associate': 'AE-1 - - - - - - - - - - - -',
  'transport-opened': '- - - AE-2 - - - - - - - - -',
  'associate-ac': '- AA-1 AA-8 - AE-3 AA-8 AA-8 AA-8 AA-8 AA-8 AA-8 AA-8 AA-6',
  'associate-rj': '- AA-1 AA-8 - AE-4 AA-8 AA-8 AA-8 AA-8 AA-8 AA-8 AA-8 AA-6',
  'transport-accepted': 'AE-5 - - - - - - - - - - - -',
  'associate-rq': '- AE-6 AA-8 - AA-8 AA-8 AA-8 AA-8 AA-8 AA-8 AA-8 AA-8 AA-7',
  'answer-accept': '- - AE-7 - - - - - - - - - -',
  'answer-reject': '- - AE-8 - - - - - - - - - -',
  'send-data': '- - - - - DT-1 - AR-7 - - - - -',
  'p-data': '- AA-1 AA-8 - AA-8 DT-2 AR-6 AA-8 AA-8 AA-8 AA-8 AA-8 AA-6',
  'ask-release': '- - - - - AR-1 - - - - - - -',
  'release-rq': '- AA-1 AA-8 - AA-8 AR-2 AR-8 AA-8 AA-8 AA-8 AA-8 AA-8 AA-6',
  'release-rp': '- AA-1 AA-8 - AA-8 AA-8 AR-3 AA-8 AA-8 AR-10 AR-3 AA-8 AA-6',
  'answer-release': '- - - - - - - AR-4 AR-9 - - AR-4 -',
  'ask-abort': '- - AA-1 AA-2 AA-1 AA-1 AA-1 AA-1 AA-1 AA-1 AA-1 AA-1 -',
  abort: '- AA-2 AA-3 - AA-3 AA-3 AA-3 AA-3 AA-3 AA-3 AA-3 AA-3 AA-2',
  'transport-closed': '- AA-5 AA-4 AA-4 AA-4 AA-4 AA-4 AA-4 AA-4 AA-4 AA-4 AA-4 AR-5',
  'artim-expired': '- AA-2 - - - - - - - - - - AA-2',
  'invalid-pdu': '- AA-1 AA-8 - AA-8 AA-8 AA-8 AA-8 AA-8 AA-8 AA-8 AA-8 AA-7',
}

describe('the state machine', () => {
  for (const [event, row] of Object.entries(table) as [Event, string][])
    test(`answers ${event} as table 9-10 of PS3.8 does`, () => {
      const actions = states.map(state => transition(state, event, 'requestor')?.action ?? '-')
      assert.deepEqual(actions, row.split(' ') as (Action | '-')[])
    })

  const walks: { title: string; role: 'requestor' | 'acceptor'; path: (Event | State)[] }[] = [
    {
      title: 'an association is asked for, used and released',
      role: 'requestor',
      path: [
        ...(['idle', 'ask-associate', 'connecting', 'transport-opened'] as const),
        ...(['awaiting-answer', 'associate-ac', 'established', 'send-data'] as const),
        ...(['established', 'ask-release', 'releasing', 'p-data'] as const),
        ...(['releasing', 'release-rp', 'idle'] as const),
      ],
    },
    {
      title: 'an association is accepted, and its release answered after the last reply',
      role: 'acceptor',
      path: [
        ...(['idle', 'transport-accepted', 'awaiting-request', 'associate-rq'] as const),
        ...(['deciding', 'answer-accept', 'established', 'release-rq'] as const),
        ...(['release-asked', 'send-data', 'release-asked', 'answer-release'] as const),
        ...(['awaiting-close', 'transport-closed', 'idle'] as const),
      ],
    },
    {
      title: 'a release collision is over for the requestor when it has answered and is answered',
      role: 'requestor',
      path: [
        ...(['releasing', 'release-rq', 'release-collided-requestor', 'answer-release'] as const),
        ...(['release-collided-requestor-answered', 'release-rp', 'idle'] as const),
      ],
    },
    {
      title: 'a release collision is over for the acceptor when it is answered and has answered',
      role: 'acceptor',
      path: [
        ...(['releasing', 'release-rq', 'release-collided-acceptor', 'release-rp'] as const),
        ...(['release-collided-acceptor-answered', 'answer-release', 'awaiting-close'] as const),
      ],
    },
  ]
  for (const { title, role, path } of walks)
    test(title, () => {
      for (let at = 0; at + 2 < path.length; at += 2)
        assert.equal(
          transition(path[at] as State, path[at + 1] as Event, role)?.next,
          path[at + 2],
          `${path[at]} ${path[at + 1]}`,
        )
    })

  test('every PDU but those awaited is unexpected', () => {
    assert.ok(unexpected('established', 'associate-rq'))
    assert.ok(unexpected('awaiting-request', 'p-data'))
    assert.ok(!unexpected('established', 'p-data'))
    assert.ok(!unexpected('established', 'abort'))
  })
})
