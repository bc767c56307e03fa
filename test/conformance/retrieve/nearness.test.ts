import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { after, before, test } from 'node:test'
import { Fault } from '../../../appliance/faults.ts'
import { transferSyntaxes, writeFileMeta } from '../../../appliance/standard/dicom/dicom.ts'
import {
  createTranscoder,
  derivable,
  type Transcoder,
} from '../../../appliance/standard/pixels/pixels.ts'
import { datasetOf } from '../../samples/part10.ts'
import { pydicomSamples } from '../../samples/pydicom.ts'

/** Images of Debian's python3-pydicom with loss, as DCMTK and GDCM decode them. */

let transcoder: Transcoder
let folder: string
/** Those of its own tests; the others are tiny, or like these. */
const samples = pydicomSamples().filter(
  ({ file, transferSyntaxUid }) =>
    /test_files\/[^/]*\.dcm$/.test(file) && transferSyntaxes.has(transferSyntaxUid),
)

before(() => {
  transcoder = createTranscoder()
  folder = mkdtempSync(join(tmpdir(), 'waystation-nearness-'))
})
after(async () => {
  await transcoder.close()
  rmSync(folder, { recursive: true, force: true })
})

interface Near {
  name: string
  decoder: string
  /** PhotometricInterpretation of what was stored. */
  colours: string
  worst: number | null
  decibels: number
  why?: string
}

/** What is written with loss, and why the rest is not. */
async function derivedOf(to: string, quality: number) {
  const pairs: { stored: string; retrieved: string }[] = []
  const refused = new Map<string, string>()
  for (const { file, transferSyntaxUid: from } of samples) {
    if (!derivable(from, to)) continue
    const dataset = datasetOf(readFileSync(file))
    const open = async function* () {
      yield dataset
    }
    try {
      const derivation = { quality, sopInstanceUid: '1.2.3' }
      const chunks = await Array.fromAsync(transcoder.derive(open, from, to, derivation))
      const meta = writeFileMeta({
        ...{ sopClassUid: '1.2', sopInstanceUid: '1.2.3', transferSyntaxUid: to },
        ...{ implementationClassUid: '1.2', implementationVersionName: 'TEST' },
      })
      const retrieved = join(folder, `${basename(file)}-${to}-${quality}`)
      writeFileSync(retrieved, Buffer.concat([meta, ...chunks]))
      pairs.push({ stored: file, retrieved })
    } catch (thrown) {
      assert.ok(thrown instanceof Fault, `${file}: ${thrown}`)
      assert.notEqual(thrown.code, 'internal', file)
      refused.set(basename(file, '.dcm'), thrown.detail)
    }
  }
  const judged: Near[] = JSON.parse(
    execFileSync('/usr/bin/python3', [join(import.meta.dirname, 'nearness.py')], {
      ...{ input: JSON.stringify(pairs), encoding: 'utf8', maxBuffer: 1e8 },
    }),
  )
  return { pairs, refused, judged }
}

/** A secondary capture of one frame with two is not what GDCM takes. */
const takesNot = (each: Near) => each.decoder === 'gdcmconv' && each.name.includes('2frame')
/** Nine pixels: one block of 8 x 8 that is mostly invented. */
const tiny = 'SC_rgb_small_odd.dcm'

for (const [name, suffix, quality, least, count] of [
  ['JPEG Baseline', '50', 90, 30, 10],
  ['JPEG Baseline', '50', 50, 27, 10],
  ['JPEG Extended', '51', 90, 30, 10],
  ['JPEG Extended', '51', 50, 27, 10],
  ['JPEG-LS near-lossless', '81', 90, 50, 30],
  ['JPEG-LS near-lossless', '81', 50, 24, 30],
  ['JPEG 2000', '91', 90, 35, 28],
  ['JPEG 2000', '91', 50, 17, 28],
] as const)
  test(`${name} of quality ${quality} is to DCMTK and GDCM nearly what it was made of`, async () => {
    const { pairs, judged, refused } = await derivedOf(`1.2.840.10008.1.2.4.${suffix}`, quality)
    assert.ok(pairs.length >= count, `${pairs.length} images`)
    const near = { 90: 2, 50: 10 }[quality]
    for (const each of judged.filter(each => !takesNot(each))) {
      const about = JSON.stringify(each)
      assert.equal(each.why, undefined, about)
      if (each.name !== tiny && suffix !== '81') assert.ok(each.decibels >= least, about)
      if (suffix !== '81') continue
      // Of what is compared as RGB and missed as YBR, three things may be missed at once
      const most = each.colours.startsWith('YBR') ? 3 * near : near
      assert.ok(each.worst !== null && each.worst <= most, about)
    }
    if (suffix === '50') {
      assert.equal(refused.get('CT_small'), 'pixels with a sign are not compressed so')
      assert.equal(refused.get('JPGExtended'), 'pixels of 12 bits are not compressed so')
      assert.equal(refused.get('liver_1frame'), 'compressed pixels of 1 bits')
    }
  })
