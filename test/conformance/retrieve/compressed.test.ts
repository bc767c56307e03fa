import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { after, before, test } from 'node:test'
import { Fault } from '../../../appliance/faults.ts'
import {
  explicitLittleEndian,
  readFileMeta,
  transferSyntaxes,
  writeFileMeta,
} from '../../../appliance/standard/dicom/dicom.ts'
import { createTranscoder } from '../../../appliance/standard/pixels/pixels.ts'
import { storeScp } from '../../peers/dcmtk.ts'
import { start } from '../../peers/programs.ts'
import { datasetOf } from '../../samples/part10.ts'
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

test('getscu +xs, which offers plain transfer syntaxes beside, gets what it asked for in them', async () => {
  const folder = box.folderWithin('got')
  const { studyInstanceUid } = kept.find(({ file }) => basename(file) === 'CT_small.dcm')!
  const got = start('getscu', [
    ...['-S', '+B', '+xs', '-od', folder, '-aec', 'WAYSTATION', '-aet', 'ASKER'],
    ...['-k', 'QueryRetrieveLevel=STUDY', '-k', `StudyInstanceUID=${studyInstanceUid}`],
    ...['127.0.0.1', String(box.port)],
  ])
  assert.equal(await got.ended, 0, got.output())
  const syntaxes = readdirSync(folder).map(each => {
    const meta = readFileMeta(readFileSync(join(folder, each)))
    return meta !== 'more' && meta.transferSyntaxUid
  })
  const asked = kept.filter(each => each.studyInstanceUid === studyInstanceUid)
  assert.deepEqual(
    syntaxes,
    asked.map(() => explicitLittleEndian),
  )
})

/** Files of which some transfer syntax has no image: README.md of standard/pixels says which, why. */
const partly = new Set([
  ...['SC_rgb_rle_16bit', 'SC_rgb_rle_16bit_2frame', 'SC_rgb_rle_32bit', 'SC_rgb_rle_32bit_2frame'],
  ...['SC_ybr_full_422_uncompressed', 'badVR', 'liver_1frame', 'liver_expb_1frame', 'rtdose'],
  ...['rtdose_1frame', 'rtdose_expb', 'rtdose_expb_1frame', 'rtdose_rle', 'rtdose_rle_1frame'],
  // Broken on purpose, or pixel data without an image
  ...[
    'JPEG2000-embedded-sequence-delimiter',
    'MR_small_padded',
    'MR_truncated',
    'rtplan_truncated',
  ],
  'nested_priv_SQ',
])

test('every sample of pydicom in every transfer syntax that loses nothing has the same pixels', async () => {
  const transcoder = createTranscoder()
  const folder = box.folderWithin('all')
  const pairs: { stored: string; retrieved: string }[] = []
  const failed = new Set<string>()
  const converted = async (dataset: Uint8Array, from: string, to: string) => {
    const one = (async function* () {
      yield dataset
    })()
    return Buffer.concat(await Array.fromAsync(transcoder.transcode(one, from, to)))
  }
  // Of .57, .91 and .203 the code streams are the same
  const compressed = ['4.70', '4.80', '4.90', '5'].map(each => `1.2.840.10008.1.2.${each}`)
  const htj2k = '1.2.840.10008.1.2.4.201'
  for (const [at, { file, transferSyntaxUid: from }] of pydicomSamples().entries()) {
    if (!transferSyntaxes.has(from) || basename(file).startsWith('DICOMDIR')) continue
    // The others of those that are kept went to storescp
    const isKept = kept.some(each => each.file === file)
    for (const to of isKept ? [htj2k] : [htj2k, ...compressed]) {
      try {
        const there = await converted(datasetOf(readFileSync(file)), from, to)
        // Debian has no decoder of HTJ2K
        const plain = to === htj2k
        const dataset = plain ? await converted(there, to, explicitLittleEndian) : there
        const retrieved = join(folder, `${at}-${to}.dcm`)
        const meta = writeFileMeta({
          ...{ sopClassUid: '1.2', sopInstanceUid: '1.2', implementationClassUid: '1.2' },
          transferSyntaxUid: plain ? explicitLittleEndian : to,
          implementationVersionName: 'TEST',
        })
        writeFileSync(retrieved, Buffer.concat([meta, dataset]))
        pairs.push({ stored: file, retrieved })
      } catch (thrown) {
        assert.ok(thrown instanceof Fault, `${file}: ${thrown}`)
        assert.notEqual(thrown.code, 'internal', file)
        failed.add(basename(file, '.dcm'))
      }
    }
  }
  await transcoder.close()
  assert.deepEqual([...failed].toSorted(), [...partly].toSorted())
  assert.ok(pairs.length > 150, `${pairs.length} pairs`)
  const complaints = execFileSync('/usr/bin/python3', [join(import.meta.dirname, 'reading.py')], {
    ...{ input: JSON.stringify(pairs), encoding: 'utf8', maxBuffer: 1e8 },
  })
  assert.deepEqual(JSON.parse(complaints), [])
})
