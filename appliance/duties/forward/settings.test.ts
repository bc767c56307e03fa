import assert from 'node:assert/strict'
import { test } from 'node:test'
import { forwardSettings } from './forward.ts'

const cloud = { name: 'cloud', kind: 'dimse', aet: 'CLOUD', host: '10.0.0.9' }

function complaints(settings: unknown): string[] {
  const { error } = forwardSettings.safeParse(settings)
  return (error?.issues ?? []).map(issue => `${issue.path.join('.')}: ${issue.message}`)
}

test('nothing is sent anywhere until it is set', () => {
  assert.deepEqual(forwardSettings.parse({}), {
    destinations: [],
    rules: [],
    backoff: { first: 2, cap: 300 },
    history: 100_000,
  })
})

test('a destination needs no more than a name, a kind, an AE title and a host', () => {
  const settings = { destinations: [cloud], rules: [{ name: 'all', send: ['cloud'] }] }
  assert.deepEqual(complaints(settings), [])
  const [destination] = forwardSettings.parse(settings).destinations
  assert.equal(destination?.kind === 'dimse' && destination.port, 104)
})

test('a rule that names an unknown destination is refused, and says which are known', () => {
  assert.deepEqual(
    complaints({ destinations: [cloud], rules: [{ name: 'all', send: ['cloud', 'clod'] }] }),
    ['rules.0.send.1: no destination is called "clod"; known: cloud'],
  )
})

test('every problem is found at once', () => {
  const found = complaints({
    destinations: [cloud, { ...cloud, port: 70_000 }, { ...cloud, name: 'a b' }],
    rules: [],
    backoff: { first: 0 },
  })
  assert.ok(found.some(each => each.startsWith('destinations.1.port')))
  assert.ok(found.some(each => each.startsWith('destinations.2.name')))
  assert.ok(found.some(each => each.startsWith('backoff.first')))
})

test('names are given once, of destinations and of rules', () => {
  assert.deepEqual(
    complaints({
      destinations: [cloud, cloud],
      rules: [
        { name: 'all', send: ['cloud'] },
        { name: 'all', send: ['cloud'] },
      ],
    }),
    [
      'destinations.1.name: "cloud" is the name of two destinations',
      'rules.1.name: "all" is the name of two rules',
    ],
  )
})

test('an unknown kind, an unknown key and a wrong AE title are refused', () => {
  assert.equal(complaints({ destinations: [{ ...cloud, kind: 'pigeon' }] }).length, 1)
  assert.equal(complaints({ destinations: [{ ...cloud, prot: 104 }] }).length, 1)
  for (const aet of ['', '   ', 'BACK\\SLASH', 'LONGER THAN SIXTEEN', 'ÄRZTE']) {
    assert.equal(complaints({ destinations: [{ ...cloud, aet }] }).length, 1, aet)
  }
})
