import assert from 'node:assert/strict'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Sent, type StoreScp, storeScp, storeScu } from '../peers/dcmtk.ts'
import { eventually } from '../peers/programs.ts'
import { datasetOf } from '../samples/part10.ts'
import { pydicomSamples, roundsOf, type Sample } from '../samples/pydicom.ts'
import { type Box, startBox, temporaryFolder } from './box.ts'

/**
 * Everything that Debian's python3-pydicom ships goes through the box with DCMTK at both ends. What
 * `storescu` puts on the wire is not always what is in the file (it drops group lengths, say), so the
 * yardstick is a `storescp +B` that was sent the same files directly.
 */
const rounds = roundsOf(pydicomSamples().filter(each => each.sopInstanceUid))
const folder = temporaryFolder()
const folderFor = (name: string) => {
  const path = join(folder.path, name)
  mkdirSync(path, { recursive: true })
  return path
}

let box: Box
let yardstick: StoreScp
let cloud: StoreScp

before(async () => {
  yardstick = await storeScp(folderFor('yardstick'))
  cloud = await storeScp(folderFor('cloud'))
  box = await startBox({
    data: folderFor('data'),
    config: {
      forward: {
        destinations: [
          { name: 'cloud', kind: 'dimse', aet: 'CLOUD', host: '127.0.0.1', port: cloud.port },
        ],
        rules: [{ name: 'all', send: ['cloud'] }],
      },
    },
  })
})

after(async () => {
  await box?.stop()
  await yardstick?.stop()
  await cloud?.stop()
  folder.remove()
})

/** Four senders at once, each with every fourth file. */
async function sendOverFour(port: number, samples: readonly Sample[]): Promise<Sent[]> {
  const quarters = [0, 1, 2, 3].map(n => samples.filter((_, index) => index % 4 === n))
  const sent = await Promise.all(
    quarters.filter(each => each.length > 0).map(each => storeScu(port, each)),
  )
  return sent.flat()
}

async function idOf(sopInstanceUid: string): Promise<string> {
  const response = await fetch(`${box.url}/tools/lookup`, { method: 'POST', body: sopInstanceUid })
  const found = (await response.json()) as { ID: string; Type: string }[]
  assert.deepEqual(
    found.map(each => each.Type),
    ['Instance'],
    `lookup of ${sopInstanceUid}`,
  )
  return found[0]!.ID
}

async function emptyEverything(): Promise<void> {
  for (const patient of await box.get<string[]>('/patients')) {
    await fetch(`${box.url}/patients/${patient}`, { method: 'DELETE' })
  }
  for (const scp of ['yardstick', 'cloud']) {
    rmSync(join(folder.path, scp), { recursive: true })
    folderFor(scp)
  }
}

const hasAllUids = (sample: Sample) => Boolean(sample.studyInstanceUid && sample.seriesInstanceUid)

describe('a study from a DCMTK sender', () => {
  for (const [index, round] of rounds.entries()) {
    test(`round ${index + 1}: ${round.length} files are kept, listed and relayed bit by bit`, async () => {
      await emptyEverything()
      const byFile = new Map(round.map(each => [each.file, each]))
      const reference = await sendOverFour(yardstick.port, round)
      const sent = await sendOverFour(box.dicomPort, round)
      const accepted = sent
        .filter(each => each.outcome === 'sent')
        .map(each => byFile.get(each.file)!)

      const unexplained = reference
        .filter(each => each.outcome === 'sent' && hasAllUids(byFile.get(each.file)!))
        .filter(each => !accepted.includes(byFile.get(each.file)!))
        .map(each => `${each.file}: ${sent.find(own => own.file === each.file)!.said}`)
      assert.deepEqual(unexplained, [], 'what storescp takes, the box takes too')

      const expected = yardstick.datasets()
      for (const sample of accepted) {
        const id = await idOf(sample.sopInstanceUid)
        const file = await fetch(`${box.url}/instances/${id}/file`)
        const stored = datasetOf(Buffer.from(await file.arrayBuffer()))
        const reference = expected.get(sample.sopInstanceUid)
        assert.ok(reference, `${sample.file} reached the yardstick`)
        assert.ok(stored.equals(reference), `${sample.file} is read back as it was sent`)
      }

      const listed = await box.get<string[]>('/instances')
      assert.equal(listed.length, accepted.length)
      assert.equal(
        (await box.get<{ CountInstances: number }>('/statistics')).CountInstances,
        accepted.length,
      )

      await eventually(
        () => cloud.count() === accepted.length,
        `${accepted.length} relayed, has ${cloud.count()}`,
      )
      const relayed = cloud.datasets()
      for (const { sopInstanceUid, file } of accepted) {
        assert.ok(
          relayed.get(sopInstanceUid)?.equals(expected.get(sopInstanceUid)!),
          `${file} is relayed as it was sent`,
        )
      }
    })
  }
})
