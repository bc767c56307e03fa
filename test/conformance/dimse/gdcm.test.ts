import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { after, before, describe, it } from 'node:test'
import { eventually, start } from '../../peers/programs.ts'
import { aeTitle, folder, type Instance, type Node, startNode, syntheticInstances } from './node.ts'

/** GDCM's client; it has no server, and no TLS. */
function gdcmMissing(): string | false {
  try {
    execFileSync('gdcmscu', ['--version'], { stdio: 'ignore' })
    return false
  } catch {
    return 'gdcmscu is not installed: apt-get install --no-install-recommends libgdcm-tools'
  }
}

describe('GDCM asks us', { skip: gdcmMissing() }, () => {
  const files = folder()
  let instances: Instance[]
  let node: Node

  before(async () => {
    instances = syntheticInstances(files.path)
    node = await startNode()
  })

  after(async () => {
    await node.stop()
    files.remove()
  })

  /**
   * Answers the record of its association. Its exit code tells nothing: Debian's 3.0.21 dies after
   * every release that was answered (`ProtocolStream as nullptr is invalid`), with DCMTK as with us.
   */
  const ask = async (...args: string[]) => {
    const count = node.records.length
    const asking = start('gdcmscu', [
      ...['-H', '127.0.0.1', '-p', String(node.port), '--aetitle', 'GDCM', '--call', aeTitle],
      ...args,
    ])
    await asking.ended
    return eventually(() => node.records[count], `a record; GDCM says ${asking.output()}`, 10)
  }

  it('for an echo, is answered, and releases', async () => {
    const { outcome, requests } = await ask('--echo')
    assert.deepEqual(requests, { 'C-ECHO': { received: 1, sent: 0, failed: 0 } })
    assert.equal(outcome, 'released')
  })

  it('to store, is answered, and what it sends is kept byte for byte', async () => {
    for (const { file, sopInstanceUid, dataset } of instances) {
      const { outcome, requests } = await ask('--store', '-i', file)
      assert.deepEqual(requests, { 'C-STORE': { received: 1, sent: 0, failed: 0 } })
      assert.equal(outcome, 'released')
      assert.ok(node.kept.get(sopInstanceUid)?.dataset.equals(dataset))
    }
  })
})
