import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { readFileMeta } from '../../../appliance/standard/dicom/dicom.ts'
import { pydicomSamples, roundsOf } from '../../samples/pydicom.ts'
import { readInstance } from '../dimse/node.ts'
import { absent, type Server, startOrthanc, startOurs } from './peer.ts'

/** Archives whose images are converted on their way, as Debian's Orthanc makes them and as we do. */

let ours: Server
let folder: string
const samples = roundsOf(pydicomSamples())[0]!
const files = samples.map(({ file }) => file)
/** Baseline is Extended as it stands, so nothing more is lost of these. */
const isBaseline = new Set(
  samples
    .filter(each => each.transferSyntaxUid === '1.2.840.10008.1.2.4.50')
    .map(each => each.sopInstanceUid),
)

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'waystation-transcoding-'))
  ours = await startOurs()
  await upload(ours)
})
after(async () => {
  await ours.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function upload({ url }: Server) {
  for (const file of files)
    await fetch(`${url}/instances`, { method: 'POST', body: readFileSync(file) })
}

/** The files of an archive of everything, by SOP Instance UID, and the transfer syntax of each. */
async function archive({ url }: Server, name: string, Transcode: string) {
  const Resources = await (await fetch(`${url}/patients`)).json()
  const answer = await fetch(`${url}/tools/create-archive`, {
    method: 'POST',
    body: JSON.stringify({ Resources, Transcode, Synchronous: true }),
  })
  assert.equal(answer.status, 200)
  const into = join(folder, `${name}-${Transcode}`)
  mkdirSync(into)
  writeFileSync(join(into, 'all.zip'), Buffer.from(await answer.arrayBuffer()))
  execFileSync('/usr/bin/python3', ['-m', 'zipfile', '-e', 'all.zip', 'all'], { cwd: into })
  const found = new Map<string, { file: string; syntax: string }>()
  for (const each of readdirSync(join(into, 'all'), { recursive: true, withFileTypes: true })) {
    if (!each.isFile()) continue
    const file = join(each.parentPath, each.name)
    const { sopInstanceUid, transferSyntaxUid } = readInstance(file)
    found.set(sopInstanceUid, { file, syntax: transferSyntaxUid })
  }
  return found
}

/** DCMTK notes there which codec it used; here it stays what the modality wrote. */
const derivationDescription = ": differs in ['0x82111']"

/** What pydicom says of pairs of files whose pixels DCMTK or GDCM decodes. */
function compared(pairs: readonly { stored: string; retrieved: string }[]): string[] {
  const reading = join(import.meta.dirname, '../retrieve/reading.py')
  const input = JSON.stringify(pairs)
  return JSON.parse(
    execFileSync('/usr/bin/python3', [reading], { input, encoding: 'utf8', maxBuffer: 1e8 }),
  )
}

describe('Debian’s Orthanc', { skip: absent }, () => {
  let theirs: Server
  before(async () => {
    theirs = await startOrthanc()
    await upload(theirs)
  })
  after(() => theirs.stop())

  for (const [name, to] of [
    ['JPEG Lossless (Process 14)', '1.2.840.10008.1.2.4.57'],
    ['JPEG Lossless', '1.2.840.10008.1.2.4.70'],
    ['JPEG-LS', '1.2.840.10008.1.2.4.80'],
  ] as const)
    test(`an archive in ${name} has every image that Orthanc converts, pixel for pixel`, async () => {
      const expected = await archive(theirs, 'theirs', to)
      const got = await archive(ours, 'ours', to)
      const pairs: { stored: string; retrieved: string }[] = []
      for (const [uid, { file, syntax }] of expected) {
        const own = got.get(uid)
        if (syntax !== to || !own) continue
        assert.equal(own.syntax, to, uid)
        pairs.push({ stored: file, retrieved: own.file })
      }
      assert.ok(pairs.length > 30, `${pairs.length} compared`)
      assert.deepEqual(
        compared(pairs).filter(each => !each.endsWith(derivationDescription)),
        [],
      )
    })

  for (const [name, to, count, withoutThem] of [
    ['JPEG Baseline', '1.2.840.10008.1.2.4.50', 10, 0],
    ['JPEG Extended', '1.2.840.10008.1.2.4.51', 10, 3],
    ['JPEG-LS near-lossless', '1.2.840.10008.1.2.4.81', 10, 0],
  ] as const)
    test(`an archive in ${name} says of images what Orthanc says of them`, async () => {
      const expected = descriptions(await archive(theirs, 'theirs', to), to)
      const got = descriptions(await archive(ours, 'ours', to), to)
      const absent = [...expected.keys()].filter(uid => !got.has(uid) && !isBaseline.has(uid))
      const pairs = [...expected].filter(([uid]) => got.has(uid))
      assert.ok(pairs.length >= count, `${pairs.length} compared`)
      // Of 12 bits: our codecs have no lossy JPEG of these
      assert.equal(absent.length, withoutThem, absent.join())
      for (const [uid, theirs] of pairs) {
        const own = got.get(uid)!
        // Ratios and methods belong together; what had lost something is no uncompressed one
        const { ratios } = own
        assert.equal(ratios, String(own.LossyImageCompressionMethod).split(',').length, uid)
        const again = Number(ratios) > 1
        assert.deepEqual(own, { ...theirs, ratios, ...(again && { purpose: '121322' }) }, uid)
      }
    })
})

/** What describes an image that lost something, of a file; sequences by the codes and UIDs in them. */
const describing = `
import json, sys, warnings
warnings.simplefilter('ignore')
import pydicom
def told(file):
    d = pydicom.dcmread(file, stop_before_pixels=True)
    values = {key: str(d.get(key, '')) for key in ('SamplesPerPixel', 'PhotometricInterpretation',
        'PlanarConfiguration', 'BitsAllocated', 'BitsStored', 'HighBit', 'PixelRepresentation',
        'ImageType', 'LossyImageCompression', 'LossyImageCompressionMethod', 'SOPClassUID',
        'SeriesInstanceUID')}
    source = d.SourceImageSequence[0]
    return dict(values, sources=len(d.SourceImageSequence), purpose=
        source.PurposeOfReferenceCodeSequence[0].CodeValue,
        derivation=[each.CodeValue for each in d.DerivationCodeSequence],
        ratios=len(str(d.LossyImageCompressionRatio).split(',')),
        ofItself=d.SOPInstanceUID == source.ReferencedSOPInstanceUID,
        source=source.ReferencedSOPInstanceUID)
def derived(file): return 'SourceImageSequence' in pydicom.dcmread(file, stop_before_pixels=True)
json.dump([told(file) for file in json.load(sys.stdin) if derived(file)], sys.stdout)
`

/** Of each image that something was lost of, by the instance it was made of. */
function descriptions(found: Map<string, { file: string; syntax: string }>, to: string) {
  const of = [...found.values()].filter(each => each.syntax === to).map(each => each.file)
  const stored = new Set(files.map(file => readInstance(file).sopInstanceUid))
  const changed = of.filter(file => !stored.has(readInstance(file).sopInstanceUid))
  const all = execFileSync('/usr/bin/python3', ['-c', describing], {
    ...{ input: JSON.stringify(changed), encoding: 'utf8', maxBuffer: 1e8 },
  })
  const told = JSON.parse(all) as Record<string, unknown>[]
  return new Map(told.map(({ source, ...rest }) => [String(source), rest]))
}

test('one file in each transfer syntax that can be without loss, by its UID', async () => {
  const [ct] = files.filter(file => basename(file) === 'CT_small.dcm')
  const [{ ID }] = (await (
    await fetch(`${ours.url}/tools/find`, {
      method: 'POST',
      body: JSON.stringify({
        ...{ Level: 'Instance', Expand: true },
        Query: { SOPInstanceUID: readInstance(ct!).sopInstanceUid },
      }),
    })
  ).json()) as [{ ID: string }]
  const pairs: { stored: string; retrieved: string }[] = []
  for (const suffix of ['4.57', '4.70', '4.80', '4.90', '4.91', '4.201', '4.203', '5']) {
    const to = `1.2.840.10008.1.2.${suffix}`
    const answer = await fetch(`${ours.url}/instances/${ID}/file?transcode=${to}&lossy-quality=100`)
    assert.equal(answer.status, 200, to)
    const retrieved = join(folder, to)
    writeFileSync(retrieved, Buffer.from(await answer.arrayBuffer()))
    const meta = readFileMeta(readFileSync(retrieved))
    assert.ok(meta !== 'more')
    assert.equal(meta.transferSyntaxUid, to)
    // Debian has no decoder of HTJ2K
    if (!suffix.startsWith('4.20')) pairs.push({ stored: ct!, retrieved })
  }
  assert.deepEqual(compared(pairs), [])
})
