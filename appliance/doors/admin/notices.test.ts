import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Hono } from 'hono'
import type { NoticeReport } from '../../duties/nodes/nodes.ts'
import { problemOf } from '../../host/http/http.ts'
import { noticeRoutes } from './notices.ts'

test('a notice that its node never takes is listed with the reason and withdrawn, and no other', async () => {
  const report = (to: NoticeReport['to'], id: string): NoticeReport => ({
    ...{ id, to, kind: 'commitment', about: { secret: true }, since: 0, failures: 3 },
    why: 'connection refused',
  })
  let waiting = [
    report({ node: 'ct' }, '1.2.3'),
    report({ node: 'mr' }, '1.2.3'),
    report({ aet: 'GONE', address: '10.1.1.1' }, '1.2.3'),
  ]
  const app = new Hono().onError(problemOf).route(
    '/',
    noticeRoutes({
      notices: {
        waiting: () => waiting,
        withdraw(to, id) {
          const before = waiting.length
          waiting = waiting.filter(each => each.to !== to || each.id !== id)
          return waiting.length < before
        },
      },
    }),
  )
  const answer = await app.request('/api/notices')
  const { notices } = (await answer.json()) as { notices: Record<string, unknown>[] }
  assert.equal(new Set(notices.map(each => each.id)).size, 3)
  assert.deepEqual(notices[2], {
    ...{ id: notices[2]?.id, to: { aet: 'GONE', address: '10.1.1.1' }, kind: 'commitment' },
    ...{ since: '1970-01-01T00:00:00.000Z', failures: 3, why: 'connection refused' },
  })
  const remove = () => app.request(`/api/notices/${notices[1]?.id}`, { method: 'DELETE' })
  assert.equal((await remove()).status, 200)
  assert.deepEqual(
    waiting.map(each => each.to),
    [{ node: 'ct' }, { aet: 'GONE', address: '10.1.1.1' }],
  )
  assert.equal((await remove()).status, 404)
})
