import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { type NewElement, readDataset, readFileMeta } from '../../standard/dicom/dicom.ts'
import { convertible, createTranscoder, derivable } from '../../standard/pixels/pixels.ts'
import type { JsonObject } from './json.ts'
import { unzipped, withDoor } from './orthanc.contract.ts'

const transcoder = createTranscoder()
after(() => transcoder.close())
const conversion = { ...transcoder, convertible, derivable }

const jpeg = (suffix: string) => `1.2.840.10008.1.2.4.${suffix}`
const lossy = ['50', '51', '81', '91'].map(jpeg)

/** 16 x 16 pixels, of 8 bits unless told otherwise. */
const image = (bits = 8): NewElement[] => [
  { tag: 'ImageType', value: ['ORIGINAL', 'PRIMARY'] },
  { tag: 'SamplesPerPixel', value: 1 },
  { tag: 'PhotometricInterpretation', value: 'MONOCHROME2' },
  { tag: 'Rows', value: 16 },
  { tag: 'Columns', value: 16 },
  { tag: 'BitsAllocated', value: bits > 8 ? 16 : 8 },
  { tag: 'BitsStored', value: bits },
  { tag: 'HighBit', value: bits - 1 },
  { tag: 'PixelRepresentation', value: 0 },
  {
    ...{ tag: 'PixelData', vr: 'OW' },
    value: Uint8Array.from({ length: bits > 8 ? 512 : 256 }, (_, at) => (bits > 8 ? at % 2 : at)),
  },
]

/** What a Part 10 file says of itself. */
function read(file: Uint8Array) {
  const meta = readFileMeta(file)
  assert.ok(meta !== 'more')
  const dataset = readDataset(file.subarray(meta.datasetOffset), meta.transferSyntaxUid)
  const uid = meta.meta.text('MediaStorageSOPInstanceUID')!
  assert.ok([uid, undefined].includes(dataset.text('SOPInstanceUID')))
  return { syntax: meta.transferSyntaxUid, uid, dataset }
}

const bytesOf = async (answer: Response) => Buffer.from(await answer.arrayBuffer())
const errorOf = async (answer: Response) => (await answer.json()) as JsonObject

test('a file with loss is another instance, and the same one each time it is asked for', () =>
  withDoor(
    async door => {
      const { ID } = await door.upload({ SOPInstanceUID: '1.2.3' }, image())
      const seen = new Set<string>()
      for (const to of lossy) {
        for (const quality of ['', '&lossy-quality=50']) {
          const path = `/instances/${ID}/file?transcode=${to}${quality}`
          const [once, again] = [await door.get(path), await door.get(path)]
          assert.equal(once.status, 200)
          const bytes = await bytesOf(once)
          assert.ok(bytes.equals(await bytesOf(again)))
          const { syntax, uid, dataset } = read(bytes)
          assert.equal(syntax, to)
          assert.equal(dataset.text('LossyImageCompression'), '01')
          const [source] = dataset.items('SourceImageSequence')
          assert.equal(source!.text('ReferencedSOPInstanceUID'), '1.2.3')
          seen.add(uid)
        }
      }
      assert.equal(seen.size, 2 * lossy.length)
      assert.deepEqual(await door.told('/instances'), [ID])
    },
    { conversion },
  ))

test('JPEG 2000 of quality 100 and HTJ2K lose nothing and stay the instance they are', () =>
  withDoor(
    async door => {
      const { ID } = await door.upload({ SOPInstanceUID: '1.2.3' }, image())
      for (const [to, quality] of [
        [jpeg('91'), 100],
        [jpeg('203'), 1],
        [jpeg('90'), 1],
      ]) {
        const answer = await door.get(
          `/instances/${ID}/file?transcode=${to}&lossy-quality=${quality}`,
        )
        const { syntax, uid, dataset } = read(await bytesOf(answer))
        assert.deepEqual([syntax, uid], [to, '1.2.3'])
        assert.equal(dataset.text('LossyImageCompression'), undefined)
      }
    },
    { conversion },
  ))

test('the quality is that of the settings where none is asked for', () =>
  withDoor(
    async door => {
      const { ID } = await door.upload({}, image())
      const path = `/instances/${ID}/file?transcode=${jpeg('50')}`
      const { dataset } = read(await bytesOf(await door.get(path)))
      assert.match(
        dataset.text('DerivationDescription')!,
        /^Lossy compression with JPEG, IJG quality 37,/,
      )
    },
    { conversion, settings: { lossyQuality: 37 } },
  ))

test('what cannot be written with loss is refused with the reason, and stays in an archive as it is', () =>
  withDoor(
    async door => {
      const deep = await door.upload({ SOPInstanceUID: '1.2.3' }, image(12))
      const text = await door.upload({ SOPInstanceUID: '1.2.5' })
      for (const [{ ID }, why] of [
        [deep, 'pixels of 12 bits are not compressed so'],
        [text, 'there are no pixels to compress'],
      ] as const) {
        const answer = await door.get(`/instances/${ID}/file?transcode=${jpeg('50')}`)
        assert.equal(answer.status, 501)
        assert.deepEqual(
          (await errorOf(answer)).Details,
          `This image is not converted to ${jpeg('50')}: ${why}`,
        )
      }
      const answer = await door.ask(
        ...(['POST', '/tools/create-archive'] as const),
        JSON.stringify({ Resources: [deep.ID, text.ID], Transcode: jpeg('50') }),
      )
      const files = Object.values(unzipped(await bytesOf(answer))).map(read)
      assert.deepEqual(files.map(({ uid }) => uid).toSorted(), ['1.2.3', '1.2.5'])
      for (const to of ['53', '102', '110', '111', '112'].map(jpeg)) {
        const refused = await door.get(`/instances/${deep.ID}/file?transcode=${to}`)
        assert.deepEqual([to, refused.status], [to, 501])
      }
    },
    { conversion },
  ))

test('archives, media and jobs hold the other instances, and a DICOMDIR names them', () =>
  withDoor(
    async door => {
      const { ID, ParentStudy } = await door.upload({ SOPInstanceUID: '1.2.3' }, image())
      const single = await bytesOf(
        await door.get(`/instances/${ID}/file?transcode=${jpeg('81')}&lossy-quality=50`),
      )
      const body = { Transcode: jpeg('81'), LossyQuality: 50 }
      const path = `/studies/${ParentStudy}`
      const archives = [
        await door.get(`${path}/archive?transcode=${jpeg('81')}&lossy-quality=50`),
        await door.ask('POST', `${path}/archive`, JSON.stringify(body)),
        await door.ask('POST', `${path}/media`, JSON.stringify(body)),
      ]
      for (const [at, answer] of archives.entries()) {
        const members = unzipped(await bytesOf(answer))
        const { DICOMDIR: directory, ...files } = members
        assert.deepEqual(Object.values(files), [single])
        assert.equal(directory !== undefined, at === 2)
        if (directory) {
          const records = read(directory).dataset.items('DirectoryRecordSequence')
          const record = records.find(each => each.text('DirectoryRecordType') === 'IMAGE')!
          assert.equal(record.text('ReferencedSOPInstanceUIDInFile'), read(single).uid)
          assert.equal(record.text('ReferencedTransferSyntaxUIDInFile'), jpeg('81'))
        }
      }
    },
    { conversion },
  ))
