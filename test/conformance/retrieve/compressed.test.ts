import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { after, before, test } from 'node:test'
import { readFileMeta } from '../../../appliance/standard/dicom/dicom.ts'
import { storeScp } from '../../peers/dcmtk.ts'
import { pydicomSamples, roundsOf, type Sample } from '../../samples/pydicom.ts'
import { readInstance } from '../dimse/node.ts'
import { type GivingBox, patientRoot, retrieve, startGiving } from './giving.ts'

/** Every image of Debian's python3-pydicom that an archive keeps. */
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

/** A storescp that takes images in this transfer syntax and in no other, not even a plain one. */
async function takingOnly(transferSyntaxUid: string, folder: string) {
  const classes = [...new Set(kept.map(({ sopClassUid }) => sopClassUid))]
  const config = `[[TransferSyntaxes]]
[Only]
TransferSyntax1 = ${transferSyntaxUid}
[[PresentationContexts]]
[Images]
${classes.map((uid, at) => `PresentationContext${at + 1} = ${uid}\\Only`).join('\n')}
[[Profiles]]
[Only]
PresentationContexts = Images
`
  const file = join(box.folderWithin('profiles'), `${transferSyntaxUid}.cfg`)
  writeFileSync(file, config)
  return storeScp(folder, { only: { config: file, profile: 'Only' } })
}

/** A code stream spoilt on purpose, dose without its length, and a segmentation. */
const reasons = (dose: string) => [
  'JPEG2000-embedded-sequence-delimiter.dcm: a frame is not decoded: it is 3722445056 x 1024',
  `badVR.dcm: ${dose}`,
  'liver_1frame.dcm: compressed pixels of 1 bits',
]
const deep = 'compressed pixels of 32 bits'

for (const [name, to, dose] of [
  ['JPEG Lossless', '1.2.840.10008.1.2.4.70', deep],
  ['JPEG Lossless (Process 14)', '1.2.840.10008.1.2.4.57', deep],
  ['JPEG-LS', '1.2.840.10008.1.2.4.80', deep],
  ['JPEG 2000', '1.2.840.10008.1.2.4.90', deep],
  ['RLE', '1.2.840.10008.1.2.5', '6000 bytes of pixels where 400 are due'],
] as const)
  test(`a storescp that takes only ${name} gets every image pixel for pixel, or the reason why not`, async () => {
    const folder = box.folderWithin(to)
    const scp = await takingOnly(to, folder)
    await box.knows('only', 'ONLY', scp.port)
    const failed: string[] = []
    for (const { sopInstanceUid, file } of kept) {
      const replies = await retrieve(box.port, {
        ...{ model: patientRoot.move, level: 'IMAGE', destination: 'ONLY', extended: [1] },
        keys: [{ tag: 'SOPInstanceUID', value: sopInstanceUid }],
      })
      const { status, errorComment } = replies.at(-1)!
      if (status !== 0x0000) failed.push(`${basename(file)}: ${errorComment}`)
    }
    await scp.stop()
    const received = readdirSync(folder).map(each => join(folder, each))
    assert.equal(received.length + failed.length, kept.length)
    const pairs = received.map(retrieved => {
      const meta = readFileMeta(readFileSync(retrieved))
      assert.ok(meta !== 'more')
      assert.equal(meta.transferSyntaxUid, to)
      const uid = retrieved.slice(basename(retrieved).indexOf('.') + folder.length + 2)
      return { stored: kept.find(each => each.sopInstanceUid === uid)!.file, retrieved }
    })
    const reading = join(import.meta.dirname, 'reading.py')
    const complaints = execFileSync('/usr/bin/python3', [reading], {
      input: JSON.stringify(pairs),
      encoding: 'utf8',
      maxBuffer: 1e8,
    })
    assert.deepEqual([...JSON.parse(complaints), ...failed], reasons(dose))
  })

test('a storescp that takes only what loses something gets nothing, and the reason', async () => {
  const scp = await takingOnly('1.2.840.10008.1.2.4.50', box.folderWithin('lossy'))
  await box.knows('only', 'ONLY', scp.port)
  const ct = kept.find(({ file }) => basename(file) === 'CT_small.dcm')!
  const replies = await retrieve(box.port, {
    ...{ model: patientRoot.move, level: 'IMAGE', destination: 'ONLY', extended: [1] },
    keys: [{ tag: 'SOPInstanceUID', value: ct.sopInstanceUid }],
  })
  const { status, errorComment } = replies.at(-1)!
  assert.equal(status, 0xa702)
  assert.match(errorComment!, /^takes no CT Image Storage in Explicit VR Little Endian, nor in o/)
  assert.equal(scp.count(), 0)
  await scp.stop()
})
