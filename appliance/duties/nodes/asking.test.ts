import assert from 'node:assert/strict'
import { type AddressInfo, createServer } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { endlessPatient, startNode } from '../../../test/conformance/dimse/node.ts'
import { type Box, startBox } from '../../../test/conformance/nodes/box.ts'
import { freshFolders } from '../../../test/faults/holdings.ts'
import { eventually, freePort } from '../../../test/peers/programs.ts'
import type { Fault } from '../../faults.ts'
import type { Node, Progress } from './nodes.ts'

const freshFolder = freshFolders(after)
const fault = (code: string) => (thrown: Fault) => thrown.code === code
const utf8 = { tag: 'SpecificCharacterSet', value: 'ISO_IR 192' }

/** We, and an archive that knows us. */
let near: Box
let far: Box
let node: Node
before(async () => {
  far = await startBox({ aet: 'FAR', folder: await freshFolder() })
  near = await startBox({ aet: 'NEAR', folder: await freshFolder() })
  await far.knows('near', 'NEAR', near.port)
  await near.knows('far', 'FAR', far.port)
  node = near.nodes.get('far')!
  for (const instance of [1, 2, 3]) await far.receive({ study: 1, instance })
  await far.receive({ study: 2, name: 'Müller^Jürgen', more: [utf8] })
})
after(async () => {
  await near.stop()
  await far.stop()
})

const studyUid = { tag: 'StudyInstanceUID', value: '1.2.826.0.1.1' }

describe('questions to a node', () => {
  test('C-ECHO is answered, and nobody answers where nobody is', async () => {
    await near.asking.echo(node)
    const nowhere = { ...node, port: await freePort() }
    await assert.rejects(near.asking.echo(nowhere), fault('peer-unreachable'))
  })

  test('what is found comes one by one, asked for in letters beyond ASCII too', async () => {
    const query = (name: string) =>
      near.asking.find(node, {
        level: 'Study',
        identifier: [{ tag: 'StudyInstanceUID' }, { tag: 'PatientName', value: name }],
      })
    const uids = async (name: string) =>
      (await Array.fromAsync(query(name))).map(({ dataset }) => dataset.text('StudyInstanceUID'))
    assert.deepEqual(await uids('MÜLLER*'), ['1.2.826.0.1.2'])
    assert.deepEqual((await uids('*')).sort(), ['1.2.826.0.1.1', '1.2.826.0.1.2'])
    for await (const _first of query('*')) break
    const record = await eventually(() => near.records.at(-1), 'the record')
    assert.equal(record.outcome, 'released', 'breaking off ends in good order')
  })

  test('a wildcard for everything is left out for a product that does not know it', async () => {
    const asked = { ...node, manufacturer: 'GenericNoUniversalWildcard' as const }
    const identifier = [{ tag: 'StudyInstanceUID' }, { tag: 'StudyDate', value: '*' }]
    const found = await Array.fromAsync(near.asking.find(asked, { level: 'Study', identifier }))
    assert.equal(found.length, 2)
  })

  test('a refusal is a fault with the status of the node', async () => {
    const query = { level: 'Series' as const, identifier: [] }
    await assert.rejects(
      Array.fromAsync(near.asking.find(node, query)),
      ({ code, detail }: Fault) => code === 'peer-failed' && /C-FIND was answered 0x/.test(detail),
    )
    const worklist = near.asking.find(node, { model: 'worklist', identifier: [] })
    await assert.rejects(Array.fromAsync(worklist), fault('peer-declined'))
  })

  test('C-GET brings a study into the archive, from the node it came from', async () => {
    const wanted = { level: 'Study' as const, identifier: [studyUid] }
    const all: Progress[] = await Array.fromAsync(near.asking.get(node, wanted))
    const last = all.at(-1)!
    assert.equal(last.ended, 'success')
    assert.equal(last.completed, 3)
    const { catalog } = near.archive
    assert.equal(catalog.totals().instances, 3)
    const [id] = catalog.ids('Instance')
    const { origin } = catalog.instance(id!)!
    assert.deepEqual([origin.callingAeTitle, origin.calledAeTitle], ['FAR', 'NEAR'])
  })

  test('C-MOVE to ourselves brings it here, and to nobody known is refused', async () => {
    const identifier = [{ tag: 'StudyInstanceUID', value: '1.2.826.0.1.2' }]
    const wanted = { level: 'Study' as const, identifier }
    const all = await Array.fromAsync(near.asking.retrieve(node, wanted))
    assert.equal(all.at(-1)?.ended, 'success')
    assert.equal(all.at(-1)?.completed, 1)
    assert.equal(near.archive.catalog.totals().studies, 2)
    const elsewhere = near.asking.move(node, { ...wanted, targetAet: 'NOBODY' })
    await assert.rejects(
      Array.fromAsync(elsewhere),
      ({ code, detail }: Fault) => code === 'peer-failed' && detail.includes('0xA801'),
    )
  })

  test('stored instances are sent, each with what became of it', async () => {
    const { instance } = await near.receive({ study: 7, instance: 1 })
    const { instance: gone } = await near.receive({ study: 7, instance: 2 })
    const { instance: last } = await near.receive({ study: 7, instance: 3 })
    await near.archive.remove(gone.id)
    const sent = await Array.fromAsync(near.asking.store(node, [instance, gone, last]))
    assert.deepEqual(
      sent.map(each => [each.outcome, each.outcome === 'failed' ? each.code : each.status]),
      [
        ['taken', 0],
        ['failed', 'not-found'],
        ['taken', 0],
      ],
    )
    assert.equal(far.archive.catalog.lookup('1.2.826.0.1.7').length, 1)
  })

  test('a search without end is cancelled in good order, or cut', async () => {
    const endless = await startNode()
    const asked = { ...node, aet: 'WAYSTATION', port: endless.port }
    const query = {
      level: 'Study' as const,
      identifier: [{ tag: 'PatientName', value: endlessPatient }],
    }
    const cancel = new AbortController()
    let matches = 0
    for await (const _match of near.asking.find(asked, query, { cancel: cancel.signal }))
      if (++matches === 3) cancel.abort()
    assert.ok(matches >= 3)
    const cut = new AbortController()
    await assert.rejects(async () => {
      for await (const _match of near.asking.find(asked, query, { stop: cut.signal })) cut.abort()
    }, fault('cancelled'))
    for await (const _match of near.asking.find(asked, query)) break
    await assert.rejects(near.asking.echo(asked, { stop: cut.signal }), fault('cancelled'))
    const ends = near.records.filter(each => each.remotePort === endless.port)
    assert.deepEqual(
      ends.map(each => each.outcome),
      ['released', 'stopped', 'released', 'stopped'],
    )
    await endless.stop()
  })

  for (const how of ['get', 'move'] as const)
    test(`a C-${how.toUpperCase()} that is called off leaves what had come, and the rest there`, async () => {
      const study = how === 'get' ? 20 : 21
      for (let instance = 1; instance <= 12; instance++)
        await far.receive({ study, instance, pixels: 300_000 })
      const before = near.archive.catalog.totals().instances
      const cancel = new AbortController()
      const identifier = [{ tag: 'StudyInstanceUID', value: `1.2.826.0.1.${study}` }]
      const wanted = { level: 'Study' as const, identifier }
      let last: Progress | undefined
      for await (const progress of near.asking[how](node, wanted, { cancel: cancel.signal })) {
        last = progress
        cancel.abort()
      }
      assert.equal(last?.ended, 'cancelled')
      const came = near.archive.catalog.totals().instances - before
      assert.ok(came >= 1 && came < 12, `${came} came`)
      assert.equal(last.completed, came)
      assert.equal(last.remaining, 12 - came)
    })

  test('a node that says nothing is given up after its own time', async () => {
    const silent = createServer(() => {})
    await new Promise<void>(resolve => silent.listen(0, '127.0.0.1', resolve))
    const { port } = silent.address() as AddressInfo
    await assert.rejects(near.asking.echo({ ...node, port, timeout: 0.05 }), fault('peer-timeout'))
    silent.close()
  })

  test('a probe tells what a node takes and leaves nothing there', async () => {
    const before = far.archive.catalog.totals()
    const told: number[] = []
    const found = await near.asking.probe(node, {
      sopClasses: ['1.2.840.10008.5.1.4.1.1.2', '1.2.3.4'],
      transferSyntaxes: ['1.2.840.10008.1.2', '1.2.840.10008.1.2.4.90'],
      onProgress: ({ associations }) => told.push(associations),
    })
    assert.equal(found.speaks, 'plain')
    assert.equal(found.certificate, undefined)
    assert.equal(typeof found.implementationClassUid, 'string')
    assert.deepEqual(found.storage, [
      {
        sopClassUid: '1.2.840.10008.5.1.4.1.1.2',
        name: 'CT Image Storage',
        transferSyntaxes: ['1.2.840.10008.1.2', '1.2.840.10008.1.2.4.90'],
      },
    ])
    assert.ok(found.services.includes('echo') && found.services.includes('storage-commitment'))
    assert.ok(!found.services.includes('find-worklist'))
    assert.deepEqual(told, [1, 2])
    assert.deepEqual(far.archive.catalog.totals(), before)
  })
})
