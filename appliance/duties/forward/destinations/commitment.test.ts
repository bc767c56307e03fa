import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CommitmentRequest, Commitments, Reference } from '../../nodes/nodes.ts'
import { nodeSettings } from '../../nodes/nodes.ts'
import { committedBy } from './commitment.ts'
import { study } from './destination.contract.ts'

const never = new AbortController().signal
const node = nodeSettings.parse({ name: 'pacs', aet: 'PACS', host: '127.0.0.1' })
const instances = study(3).map(each => each.instance)

/** Requests in memory, of which `answer` says how each stands from the beginning. */
function promising(answer: (asked: readonly Reference[]) => Partial<CommitmentRequest>) {
  const kept = new Map<string, CommitmentRequest>()
  let asked = 0
  const commitments = {
    async request(to: { name: string; aet: string }, references: readonly Reference[]) {
      const transactionUid = `2.25.${++asked}`
      kept.set(transactionUid, {
        ...{ transactionUid, node: to.name, aet: to.aet, askedAt: new Date().toISOString() },
        ...{ state: 'pending', instances: references, committed: [], failures: [] },
        ...answer(references),
      })
      return { transactionUid }
    },
    of: (uid: string) => kept.get(uid),
    requests: () => kept.values(),
    forget: async (uid: string) => kept.delete(uid),
  } as unknown as Commitments
  return { commitments, kept, asked: () => asked }
}

const uids = (references: Iterable<string>) => [...references].sort()

test('what a node commits itself to is held, and what it does not is not', async () => {
  const box = promising(asked => ({
    state: 'failed',
    committed: asked.slice(0, 2),
    failures: asked.slice(2).map(each => ({ ...each, reason: 0x0112 })),
  }))
  const held = await committedBy(box.commitments, node, instances, never)
  assert.deepEqual(uids(held), ['1.2.3.1.1', '1.2.3.1.2'])
  assert.equal(box.kept.size, 0, 'what is sent again is asked about anew')
})

test('a report that comes after we gave up waiting answers the next question', async () => {
  const box = promising(() => ({}))
  const stop = new AbortController()
  const waiting = committedBy(box.commitments, node, instances, stop.signal)
  setImmediate(() => stop.abort())
  await assert.rejects(waiting, { code: 'peer-failed' })
  const [request] = box.kept.values()
  box.kept.set(request!.transactionUid, {
    ...{ ...request!, state: 'committed', committed: request!.instances },
  })
  const held = await committedBy(box.commitments, node, instances, never)
  assert.equal(held.size, 3)
  assert.equal(box.asked(), 1, 'the node was asked once')
})

test('a node that refuses says so', async () => {
  const box = promising(() => ({ state: 'refused', why: 'no such service' }))
  await assert.rejects(committedBy(box.commitments, node, instances, never), {
    ...{ code: 'peer-declined', detail: 'no such service' },
  })
})
