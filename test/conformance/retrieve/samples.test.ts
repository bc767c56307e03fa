import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import {
  encodingOf,
  explicitBigEndian,
  explicitLittleEndian,
  implicitLittleEndian,
  writeFileMeta,
} from '../../../appliance/standard/dicom/dicom.ts'
import type { Reply } from '../../../appliance/standard/dimse/dimse.ts'
import { datasetOf } from '../../samples/part10.ts'
import { pydicomSamples, roundsOf, type Sample } from '../../samples/pydicom.ts'
import { readInstance } from '../dimse/node.ts'
import { type GivingBox, patientRoot, retrieve, startGiving } from './giving.ts'

/** Every file of Debian's python3-pydicom that an archive keeps. */
let box: GivingBox
const kept: (Sample & { sopClassUid: string })[] = []

before(async () => {
  box = await startGiving()
  const [first] = roundsOf(pydicomSamples().filter(each => each.studyInstanceUid))
  for (const sample of first!) {
    try {
      await box.keep(sample.file)
      kept.push({ ...readInstance(sample.file), ...sample })
    } catch {
      // Cut, or without what an archive needs: the archive's own tests tell which.
    }
  }
})
after(() => box.stop())

/** One of the samples lacks the NUL that makes a deflated dataset's length even, PS3.5 §A.5. */
const evened = (dataset: Buffer, transferSyntaxUid: string) =>
  encodingOf(transferSyntaxUid).deflated
    ? Buffer.concat([dataset, Buffer.alloc(dataset.length % 2)])
    : dataset

async function get(
  sample: (typeof kept)[number],
  transferSyntaxUid: string,
): Promise<{ final: Reply; dataset?: Buffer }> {
  let dataset: Buffer | undefined
  const replies = await retrieve(box.port, {
    model: patientRoot.get,
    level: 'IMAGE',
    keys: [{ tag: 'SOPInstanceUID', value: sample.sopInstanceUid }],
    extended: [1],
    contexts: [
      {
        abstractSyntax: sample.sopClassUid,
        transferSyntaxes: [transferSyntaxUid],
        role: { scu: false, scp: true },
      },
    ],
    services: {
      async store(request) {
        dataset = Buffer.concat(await Array.fromAsync(request.data))
        return { status: 0x0000 }
      },
    },
  })
  return { final: replies.at(-1)!, ...(dataset && { dataset }) }
}

/** Its code stream was spoilt on purpose: a delimiter stands in the header. */
const undecodable = [
  'JPEG2000-embedded-sequence-delimiter.dcm: a frame is not decoded: it is 3722445056 x 1024',
]

describe('every sample of pydicom', () => {
  test('comes in its own transfer syntax byte for byte', async () => {
    assert.ok(kept.length > 80, `${kept.length} are kept`)
    for (const sample of kept) {
      const { final, dataset } = await get(sample, sample.transferSyntaxUid)
      assert.equal(final.status, 0x0000, `${sample.file}: ${final.errorComment}`)
      const stored = evened(datasetOf(readFileSync(sample.file)), sample.transferSyntaxUid)
      assert.ok(dataset?.equals(stored), sample.file)
    }
  })

  for (const [name, to] of Object.entries({
    'Explicit VR Little Endian': explicitLittleEndian,
    'Implicit VR Little Endian': implicitLittleEndian,
    'Explicit VR Big Endian': explicitBigEndian,
  }))
    test(`comes in ${name} with the same values and pixels, or with the reason why not`, async () => {
      const pairs: { stored: string; retrieved: string }[] = []
      const failed: string[] = []
      const folder = box.folderWithin(to)
      for (const sample of kept) {
        const { final, dataset } = await get(sample, to)
        if (!dataset) {
          assert.equal(final.status, 0xa702, sample.file)
          failed.push(`${basename(sample.file)}: ${final.errorComment}`)
          continue
        }
        assert.equal(final.status, 0x0000, sample.file)
        const meta = writeFileMeta({
          sopClassUid: sample.sopClassUid,
          sopInstanceUid: sample.sopInstanceUid,
          transferSyntaxUid: to,
          implementationClassUid: '1.2.826.0.1.3680043.10.1.1',
          implementationVersionName: 'TEST',
        })
        const retrieved = join(folder, `${sample.sopInstanceUid}.dcm`)
        writeFileSync(retrieved, Buffer.concat([meta, dataset]))
        pairs.push({ stored: sample.file, retrieved })
      }
      assert.deepEqual(failed, undecodable)
      const reading = join(import.meta.dirname, 'reading.py')
      const complaints = execFileSync('/usr/bin/python3', [reading], {
        input: JSON.stringify(pairs),
        encoding: 'utf8',
        maxBuffer: 1e8,
      })
      assert.deepEqual(JSON.parse(complaints), [])
    })
})
