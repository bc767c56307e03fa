import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DestinationAnswer, LinkReport } from '../api/api.ts'
import { type Known, mattersOf } from './attention.ts'

const now = Date.parse('2026-03-01T09:00:00Z')
const of = (known: Known) => mattersOf(known, now)

const well: DestinationAnswer = {
  ...{ name: 'cloud', locked: false, state: 'idle', failures: 0, held: 0, paused: 0 },
  counts: { owed: 3, sending: 0, accepted: 7, verified: 0, parked: 0, withdrawn: 0 },
}

const sentences = (destination: Partial<DestinationAnswer>) =>
  of({ destinations: [{ ...well, ...destination }] })

test('a box that is well needs nobody', () => {
  const archive = { receiving: true, damaged: 0, quarantined: 0, rebuild: { state: 'none' } }
  const readiness = { ready: true, obstacles: [] }
  const link = { clock: { trusted: true } } as LinkReport
  const known = { readiness, archive, destinations: [well], refusedCallers: [], link, notices: [] }
  assert.deepEqual(of(known), [])
  assert.deepEqual(of({}), [])
})

test('what is held for review is not counted as parked besides', () => {
  const counts = { ...well.counts, parked: 5 }
  const [parked, held, ...more] = sentences({ counts, held: 2 })
  assert.match(parked!.sentence, /cloud would not take 3 images/)
  assert.equal(parked!.href, '#/deliveries?destination=cloud&state=parked')
  assert.match(held!.sentence, /2 images for cloud are held/)
  assert.deepEqual(more, [])
  const only = sentences({ counts: { ...counts, parked: 2 }, held: 2 })
  assert.equal(only.length, 1)
})

test('what stops the box comes before what may wait for the morning', () => {
  const matters = of({
    readiness: { ready: false, obstacles: ['The disk is full.'] },
    destinations: [{ ...well, state: 'paused' }],
    refusedCallers: [
      {
        ...{ remoteAddress: '10.0.0.7', callingAeTitle: 'CT01', calledAeTitle: 'X', attempts: 2 },
        ...{ lastAt: '2026-03-01T08:00:00Z', sentence: 'Change it.' },
      },
    ],
  })
  assert.deepEqual(
    matters.map(each => each.urgent),
    [true, false, false],
  )
  assert.match(matters[0]!.sentence, /The disk is full\./)
})

test('a certificate that ends soon, a destination that fails and a clock that is wrong are told', () => {
  const certificatesEnding = [{ file: '/c.pem', days: 3 }]
  const why = { code: 'peer-unreachable', detail: 'nobody listens there', advice: 'x' }
  const [certificate, failing] = sentences({ certificatesEnding, failures: 9, why })
  assert.match(certificate!.sentence, /ends in 3 days/)
  assert.match(failing!.sentence, /Nobody listens there\. .*by itself/)
  assert.deepEqual(sentences({ failures: 9, why, oldestSeconds: 599 }), [])
  assert.equal(sentences({ failures: 9, why, oldestSeconds: 600 }).length, 1)
  const link = { clock: { trusted: false, detail: 'it was never set' } } as LinkReport
  assert.match(of({ link })[0]!.sentence, /not believed\. It was never set\./)
})

test('destinations without a rule are told of, for nothing would ever be sent', () => {
  const [matter] = of({ destinations: [well], rules: [] })
  assert.equal(matter!.href, '#/rules/new')
})

test('who was turned away longer ago than a day needs nobody any more', () => {
  const mr = {
    ...{ remoteAddress: '10.0.0.7', callingAeTitle: 'MR', calledAeTitle: 'X', attempts: 1 },
    ...{ lastAt: '2026-02-28T08:00:00Z', sentence: '' },
  }
  assert.deepEqual(of({ refusedCallers: [mr] }), [])
  const ct = { ...mr, callingAeTitle: 'CT', lastAt: '2026-03-01T08:00:00Z' }
  assert.match(of({ refusedCallers: [ct, mr] })[0]!.sentence, /^A caller was turned away, last CT/)
})
