import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { freshFolders, openHoldings } from '../../../test/faults/holdings.ts'
import type { Fault } from '../../faults.ts'
import { silentLog } from '../../log.ts'
import { type NodeInput, nodesSettings, openNodes } from './nodes.ts'

const freshFolder = freshFolders(after)
const pacs: NodeInput = { name: 'pacs', aet: 'PACS', host: '10.0.0.5' }
const ct: NodeInput = { name: 'ct', aet: 'CT01', host: '10.0.0.7', port: 4242 }
const fault = (code: string) => (thrown: Fault) => thrown.code === code

async function open(folder: string, file: readonly NodeInput[]) {
  const holdings = await openHoldings({ folder })
  const settings = nodesSettings.parse(file)
  const store = holdings.store.space('nodes')
  return { ...holdings, nodes: openNodes({ settings, store, log: silentLog }) }
}

test('nodes added at run time are there after a restart; those of the file are locked', async () => {
  const folder = await freshFolder()
  const first = await open(folder, [pacs])
  const kept = await first.nodes.put({ ...ct, localAet: ' OURS ', allows: { move: false } })
  assert.equal(kept.localAet, 'OURS')
  assert.deepEqual(kept.allows, { ...kept.allows, echo: true, find: true, move: false })
  await assert.rejects(first.nodes.put({ ...pacs, port: 105 }), fault('not-allowed'))
  await assert.rejects(first.nodes.remove('pacs'), fault('not-allowed'))
  await assert.rejects(first.nodes.remove('nobody'), fault('not-found'))
  await first.close()

  const second = await open(folder, [pacs])
  assert.deepEqual(
    second.nodes.list().map(({ name, port }) => [name, port, second.nodes.isLocked(name)]),
    [
      ['pacs', 104, true],
      ['ct', 4242, false],
    ],
  )
  assert.deepEqual(second.nodes.get('ct'), kept)
  await second.nodes.remove('ct')
  await second.close()

  const third = await open(folder, [])
  assert.deepEqual(third.nodes.list(), [])
  await third.close()
})

test('a node of the file takes the place of one that was added under its name', async () => {
  const folder = await freshFolder()
  const first = await open(folder, [])
  await first.nodes.put(pacs)
  await first.close()
  const second = await open(folder, [{ ...pacs, host: '10.0.0.6' }])
  assert.deepEqual(
    second.nodes.list().map(each => each.host),
    ['10.0.0.6'],
  )
  await second.close()
})

test('every problem of a node is told at once', async () => {
  const { nodes, close } = await open(await freshFolder(), [])
  await assert.rejects(
    nodes.put({ name: 'a b', aet: 'SEVENTEEN LETTERS', host: '', port: 0 }),
    ({ code, detail }: Fault) =>
      code === 'request-malformed' &&
      ['name:', 'aet:', 'host:', 'port:'].every(part => detail.includes(part)),
  )
  assert.deepEqual(nodes.list(), [])
  await close()
})

test('of several nodes with one AE title it is the one that calls from there', async () => {
  const named = { name: 'named', aet: 'CT01', host: 'ct.clinic' }
  const { nodes, close } = await open(await freshFolder(), [
    ct,
    { ...ct, name: 'other', host: '10.0.0.8' },
    named,
  ])
  assert.equal(nodes.ofAeTitle('CT01', '10.0.0.8')?.name, 'other')
  assert.equal(nodes.ofAeTitle(' CT01', '10.0.0.9')?.name, 'named')
  assert.equal(nodes.ofAeTitle('CT01')?.name, 'ct')
  assert.equal(nodes.ofAeTitle('ct01'), undefined)
  await close()
})

test('two nodes of the file with one name are refused', () => {
  assert.match(
    nodesSettings.safeParse([pacs, ct, pacs]).error?.issues[0]?.message ?? '',
    /"pacs" is the name of two nodes/,
  )
})
