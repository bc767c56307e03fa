import { Hono } from 'hono'
import { problemsOf } from '../../duties/forward/forward.ts'
import { type Asking, type Node, type Nodes, nodeSettings } from '../../duties/nodes/nodes.ts'
import { Fault, type FaultCode, faultOf } from '../../faults.ts'
import type { EchoAnswer, NodeAnswer, ProbeAnswer } from './answers.ts'
import { bodyOf, refused } from './requests.ts'

/**
 * `GET /api/nodes`: the remote nodes that are known, each with its settings and whether they are locked
 * by the configuration file. `POST` a new one; `GET`, `PUT` and `DELETE /api/nodes/{name}`.
 * `POST …/{name}/echo`: whether it answers C-ECHO. `POST …/{name}/probe`: what it takes, found out by
 * negotiating alone; that it does not answer is an answer too, with the reason. Both end when the client goes.
 * Faults: `settings-refused` with every problem, `not-allowed` when locked, `not-found`.
 */
export function nodeRoutes({
  nodes,
  asking,
}: {
  nodes: Pick<Nodes, 'list' | 'get' | 'put' | 'remove' | 'isLocked'>
  asking: Pick<Asking, 'echo' | 'probe'>
}): Hono {
  const shown = (node: Node): NodeAnswer => {
    const { name, ...settings } = node
    return { name, locked: nodes.isLocked(name), settings }
  }
  const known = (name: string): Node => {
    const node = nodes.get(name)
    if (!node) throw new Fault('not-found', `no node is called "${name}"`)
    return node
  }

  async function save(given: unknown, instead?: string): Promise<Response> {
    const read = nodeSettings.safeParse(
      instead === undefined || typeof given !== 'object' ? given : { name: instead, ...given },
    )
    const problems = read.success ? [] : problemsOf(read.error)
    const name = read.data?.name
    if (name !== undefined && instead === undefined && nodes.get(name))
      problems.push({ path: 'name', message: `there is a node called "${name}" already` })
    if (name !== undefined && instead !== undefined && name !== instead)
      problems.push({ path: 'name', message: 'stays as it is; add a new node and remove this one' })
    if (!read.success || problems.length > 0) return refused(problems)
    return Response.json(shown(await nodes.put(read.data)), {
      status: instead === undefined ? 201 : 200,
    })
  }

  return new Hono()
    .get('/api/nodes', context => context.json({ nodes: nodes.list().map(shown) }))
    .post('/api/nodes', async context => save(await bodyOf(context.req)))
    .get('/api/nodes/:name', context => context.json(shown(known(context.req.param('name')))))
    .put('/api/nodes/:name', async context => {
      const { name } = known(context.req.param('name'))
      return save(await bodyOf(context.req), name)
    })
    .delete('/api/nodes/:name', async context => {
      await nodes.remove(context.req.param('name'))
      return context.json({})
    })
    .post('/api/nodes/:name/echo', async context => {
      const node = known(context.req.param('name'))
      const cancel = context.req.raw.signal
      return context.json<EchoAnswer>(await whether(() => asking.echo(node, { cancel })))
    })
    .post('/api/nodes/:name/probe', async context => {
      const node = known(context.req.param('name'))
      const cancel = context.req.raw.signal
      const found: Pick<ProbeAnswer, 'capabilities'> = {}
      const answer = await whether(async () => {
        found.capabilities = await asking.probe(node, { cancel })
      })
      return context.json<ProbeAnswer>({ ...answer, ...found })
    })
}

/** What the far side has to do with; the others are ours, or the caller's. */
const theirs: ReadonlySet<FaultCode> = new Set([
  'peer-unreachable',
  'peer-refused',
  'peer-declined',
  'peer-failed',
  'peer-timeout',
  'peer-aborted',
  'protocol-broken',
])

async function whether(ask: () => Promise<void>): Promise<EchoAnswer> {
  try {
    await ask()
    return { answered: true }
  } catch (thrown) {
    const { code, detail, advice } = faultOf(thrown)
    if (!theirs.has(code)) throw thrown
    // Who takes no Verification took the association all the same.
    return { answered: code === 'peer-declined', why: { code, detail, advice } }
  }
}
