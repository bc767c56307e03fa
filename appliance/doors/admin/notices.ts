import { Hono } from 'hono'
import type { NodeServices, NoticeReport } from '../../duties/nodes/nodes.ts'
import { Fault } from '../../faults.ts'

/**
 * What nodes are still to be told (`/api/notices`): reports of storage commitment, notices of what is
 * available. One whose node will never take it is withdrawn by a person: `DELETE /api/notices/{id}`.
 */
export function noticeRoutes({ notices }: Pick<NodeServices, 'notices'>): Hono {
  return new Hono()
    .get('/api/notices', context => {
      const waiting = Array.from(notices.waiting(), each => {
        const { to, kind, since, failures, why } = each
        return { id: idOf(each), to, kind, since: new Date(since), failures, why }
      })
      return context.json({ notices: waiting })
    })

    .delete('/api/notices/:id', context => {
      const id = context.req.param('id')
      for (const each of notices.waiting())
        if (idOf(each) === id && notices.withdraw(each.to, each.id))
          return context.json({ withdrawn: 1 })
      throw new Fault('not-found', 'no notice of this id is waiting')
    })
}

/** A notice is named by its recipient too: several may be told the same. */
function idOf({ to, id }: Pick<NoticeReport, 'to' | 'id'>): string {
  const recipient = 'node' in to ? [to.node] : [to.aet, to.address]
  return Buffer.from(JSON.stringify([...recipient, id])).toString('base64url')
}
