import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { storeScp, storeScu } from '../peers/dcmtk.ts'
import { eventually, freePort } from '../peers/programs.ts'
import { datasetOf } from '../samples/part10.ts'
import { type Synthetic, writeCt } from '../samples/synthetic.ts'
import { type Box, startBox, temporaryFolder } from './box.ts'

const folder = temporaryFolder()
after(() => folder.remove())

function folderFor(name: string): string {
  const path = join(folder.path, name)
  mkdirSync(path, { recursive: true })
  return path
}

const relayTo = (port: number) => ({
  forward: {
    destinations: [{ name: 'cloud', kind: 'dimse', aet: 'CLOUD', host: '127.0.0.1', port }],
    rules: [{ name: 'all', send: ['cloud'] }],
  },
})

interface Connections {
  connections: {
    direction: string
    calledAeTitle?: string
    outcome: string
    requests: Record<string, { sent: number }>
  }[]
}

interface Deliveries {
  destinations: { name: string; counts: Record<string, number> }[]
}

async function stateOf(box: Box): Promise<Record<string, number>> {
  const { destinations } = await box.get<Deliveries>('/api/deliveries')
  return destinations.find(each => each.name === 'cloud')!.counts
}

function writeStudies(name: string, count: number, rows: number): Synthetic[] {
  const target = folderFor(name)
  return Array.from({ length: count }, (_, index) =>
    writeCt(
      target,
      {
        uidRoot: `1.2.826.0.1.3680043.10.99.${name.length}`,
        study: 1 + (index % 8),
        instance: 1 + index,
      },
      rows,
    ),
  )
}

function assertSame(images: readonly Synthetic[], datasets: Map<string, Buffer>): void {
  for (const image of images) {
    const found = datasets.get(image.sopInstanceUid)
    assert.ok(found, `${image.sopInstanceUid} is there`)
    assert.ok(
      found.equals(datasetOf(readFileSync(image.file))),
      `${image.sopInstanceUid} is unchanged`,
    )
  }
}

test('a study received while the destination is down is relayed once it is up', async () => {
  const port = await freePort()
  const images = writeStudies('down-then-up', 24, 128)
  const box = await startBox({ data: folderFor('down-then-up-data'), config: relayTo(port) })
  const sent = await storeScu(box.dicomPort, images)
  assert.ok(sent.every(each => each.outcome === 'sent'))
  await eventually(async () => (await stateOf(box)).owed === images.length, 'all are owed')

  const cloud = await storeScp(folderFor('down-then-up-cloud'), { port })
  await eventually(() => cloud.count() === images.length, 'all arrive', 90)
  assertSame(images, cloud.datasets())
  await eventually(async () => ((await stateOf(box)).owed ?? 0) === 0, 'nothing is owed any more')

  // Every association leaves a record, the relay's too: those that found nobody, and that which sent.
  const outgoing = async () =>
    (await box.get<Connections>('/api/connections?limit=1000')).connections.filter(
      each => each.direction === 'outgoing' && each.calledAeTitle === 'CLOUD',
    )
  const outcomes = async () => new Set((await outgoing()).map(each => each.outcome))
  await cloud.stop()
  await eventually(
    async () => (await outcomes()).has('unreachable') && (await outcomes()).size > 1,
    'its associations are told of',
  )
  const stored = (await outgoing()).map(each => each.requests['C-STORE']?.sent ?? 0)
  assert.ok(stored.reduce((sum, each) => sum + each, 0) >= images.length)
  assert.equal(await box.stop(), 0)
})

test('what was acknowledged before kill -9 is there, intact and relayed, and nothing is half there', async () => {
  const images = writeStudies('killed', 400, 256)
  const cloud = await storeScp(folderFor('killed-cloud'))
  const data = folderFor('killed-data')
  let box = await startBox({ data, config: relayTo(cloud.port) })
  const quarters = [0, 1, 2, 3].map(n => images.filter((_, index) => index % 4 === n))
  const senders = quarters.map(each => storeScu(box.dicomPort, each))

  await eventually(
    async () => (await box.get<{ CountInstances: number }>('/statistics')).CountInstances >= 120,
    'receiving is well under way',
  )
  await box.kill()
  const sent = (await Promise.all(senders)).flat()
  const acknowledged = images.filter(image =>
    sent.some(each => each.file === image.file && each.outcome === 'sent'),
  )
  assert.ok(acknowledged.length >= 100, `${acknowledged.length} were acknowledged`)
  assert.ok(acknowledged.length < images.length, 'the kill came in the middle')

  box = await startBox({ data, config: relayTo(cloud.port) })
  const ids = await box.get<string[]>('/instances')
  const held = new Map<string, Buffer>()
  for (const id of ids) {
    const file = Buffer.from(await (await fetch(`${box.url}/instances/${id}/file`)).arrayBuffer())
    const { SOPInstanceUID } = await box.get<Record<string, string>>(
      `/instances/${id}/simplified-tags`,
    )
    held.set(SOPInstanceUID!, datasetOf(file))
  }
  assertSame(acknowledged, held)
  // What was received whole but not answered may be there, whole; nothing else.
  assertSame(
    images.filter(each => held.has(each.sopInstanceUid)),
    held,
  )
  assert.equal(held.size, ids.length)
  await eventually(() => cloud.count() >= ids.length, 'all are relayed')
  assertSame(acknowledged, cloud.datasets())

  // The senders try again, as modalities do: the rest comes in, the repeats change nothing.
  const again = (await Promise.all(quarters.map(each => storeScu(box.dicomPort, each)))).flat()
  assert.ok(again.every(each => each.outcome === 'sent'))
  assert.equal((await box.get<string[]>('/instances')).length, images.length)
  await eventually(() => cloud.count() === images.length, 'the rest is relayed too')
  assertSame(images, cloud.datasets())
  assert.equal(await box.stop(), 0)
  await cloud.stop()
})

test('a destination that swallows connections does not slow receiving', async () => {
  const held = new Set<Socket>()
  const hole = createServer(socket => held.add(socket))
  await new Promise<void>(resolve => hole.listen(0, '127.0.0.1', resolve))
  const { port } = hole.address() as AddressInfo
  const images = writeStudies('black-hole', 40, 64)
  const box = await startBox({ data: folderFor('black-hole-data'), config: relayTo(port) })
  const sent = await storeScu(box.dicomPort, images)
  assert.ok(sent.every(each => each.outcome === 'sent'))
  const counts = await stateOf(box)
  assert.equal((counts.owed ?? 0) + (counts.sending ?? 0), images.length)
  await box.stop()
  for (const socket of held) socket.destroy()
  hole.close()
})
