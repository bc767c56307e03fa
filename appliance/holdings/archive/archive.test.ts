import assert from 'node:assert/strict'
import { cp, readdir, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, test } from 'node:test'
import {
  blobFiles,
  freshFolders,
  type HoldingsOptions,
  openHoldings,
  origin,
} from '../../../test/faults/holdings.ts'
import { imageOf, inPieces, whole } from '../../../test/faults/images.ts'
import type { Fault } from '../../faults.ts'
import {
  deflatedLittleEndian,
  explicitBigEndian,
  implicitLittleEndian,
  publicIdOf,
} from '../../standard/dicom/dicom.ts'

const freshFolder = freshFolders(after)
const open = async (options: Partial<HoldingsOptions> = {}) =>
  openHoldings({ folder: await freshFolder(), ...options })
const fault = (code: string) => (thrown: Fault) => thrown.code === code

test('a file is kept exactly, and its note is never shown', async () => {
  const box = await open()
  const { file } = imageOf({ pixels: 3_000_000 })
  const { outcome, instance } = await box.archive.receiveFile(inPieces(file, 65_536), origin)
  assert.equal(outcome, 'kept')
  assert.equal(instance.bytes, file.length)
  assert.deepEqual(await whole(box.archive.open(instance.id)), file)
  const range = { from: file.length - 10, to: file.length + 10 }
  assert.deepEqual(await whole(box.archive.open(instance.id, range)), file.subarray(-10))
  assert.deepEqual(box.archive.catalog.instance(instance.id), instance)
  await box.close()
})

test('a file that lost its end under our feet is damaged, and never a shorter one', async () => {
  const box = await open()
  const { instance } = await box.receive({ pixels: 3_000_000 })
  const [name] = await blobFiles(box.folder)
  await truncate(join(box.folder, 'blobs', '000', '00', name!), instance.bytes - 500)
  await assert.rejects(whole(box.archive.open(instance.id)), fault('damaged'))
  const { bytes } = instance
  const end = box.archive.open(instance.id, { from: bytes - 10, to: bytes })
  await assert.rejects(whole(end), fault('damaged'))
  assert.equal((await whole(box.archive.open(instance.id, { from: 0, to: 1000 }))).length, 1000)
  await box.close()
})

test('a dataset from the wire is kept byte for byte behind a head of our own', async () => {
  for (const transferSyntaxUid of [
    implicitLittleEndian,
    explicitBigEndian,
    deflatedLittleEndian,
    '1.2.840.10008.1.2.4.90',
  ]) {
    const box = await open()
    const { dataset, announced } = imageOf({ transferSyntaxUid })
    const { instance } = await box.archive.receiveDataset(inPieces(dataset, 7), announced, origin)
    const file = await whole(box.archive.open(instance.id))
    assert.deepEqual(file.subarray(instance.datasetOffset), Buffer.from(dataset))
    assert.equal(instance.transferSyntaxUid, transferSyntaxUid)
    await box.close()
  }
})

test('public identifiers and main tags are those of Orthanc', async () => {
  const box = await open()
  const { instance } = await box.receive({ patient: 'P7', study: 3, series: 2, instance: 5 })
  const uids = ['P7', '1.2.826.0.1.3', '1.2.826.0.1.3.2', '1.2.826.0.1.3.2.5']
  assert.equal(instance.patient, publicIdOf(...uids.slice(0, 1)))
  assert.equal(instance.id, publicIdOf(...uids))
  const { catalog } = box.archive
  const study = catalog.parent(instance.study)!
  assert.equal(study.tags.AccessionNumber, 'A3')
  assert.equal(study.tags.PatientName, undefined)
  assert.deepEqual(study.modalities, ['CT'])
  assert.equal(study.parent, instance.patient)
  assert.equal(catalog.parent(instance.series)!.parent, instance.study)
  assert.equal(instance.tags.InstanceNumber, '5')
  assert.deepEqual(catalog.lookup('1.2.826.0.1.3'), [{ level: 'Study', id: instance.study }])
  assert.deepEqual(catalog.lookup('p7'), [{ level: 'Patient', id: instance.patient }])
  assert.equal(catalog.levelOf(instance.series), 'Series')
  assert.equal(catalog.levelOf('nonsense'), undefined)
  await box.close()
})

test('sums are right at every level and changes tell what is new, in Orthanc order', async () => {
  const box = await open()
  for (const image of [
    { study: 1, series: 1, instance: 1 },
    { study: 1, series: 1, instance: 2 },
    { study: 1, series: 2, instance: 1 },
    { study: 2, series: 1, instance: 1 },
  ]) {
    await box.receive(image)
  }
  const { catalog } = box.archive
  const patient = catalog.parent(catalog.ids('Patient')[0]!)!
  assert.deepEqual([patient.studies, patient.series, patient.instances], [2, 3, 4])
  const totals = catalog.totals()
  assert.deepEqual(
    { ...totals, bytes: 0 },
    { patients: 1, studies: 2, series: 3, instances: 4, bytes: 0 },
  )
  assert.equal(patient.bytes, totals.bytes)
  const [one] = catalog.lookup('1.2.826.0.1.1')
  assert.equal(catalog.parent(one!.id)!.instances, 3)
  assert.equal(catalog.children(one!.id).length, 2)
  assert.equal([...catalog.instancesOf(patient.id)].length, 4)
  assert.deepEqual(
    catalog.changes(0, 100).map(each => each.kind),
    [
      ...['NewInstance', 'NewSeries', 'NewStudy', 'NewPatient'],
      'NewInstance',
      ...['NewInstance', 'NewSeries'],
      ...['NewInstance', 'NewSeries', 'NewStudy'],
    ],
  )
  assert.equal(catalog.lastChange(), 10)
  await box.close()
})

test('the same instance again is a success without a new change or a second blob', async () => {
  const box = await open()
  const { instance } = await box.receive()
  const again = await box.receive()
  assert.equal(again.outcome, 'repeated')
  assert.deepEqual(again.instance, instance)
  // Sent over the wire its head differs, but not its dataset.
  const { dataset, announced } = imageOf()
  const wired = await box.archive.receiveDataset(inPieces(dataset), announced, origin)
  assert.equal(wired.outcome, 'repeated')
  assert.equal(box.archive.catalog.lastChange(), 4)
  assert.equal((await blobFiles(box.folder)).length, 1)
  await box.close()
})

test('of the same instance received many times at once one is kept', async () => {
  const box = await open()
  const outcomes = await Promise.all(
    Array.from({ length: 8 }, () => box.receive({ pixels: 300_000 })),
  )
  assert.equal(outcomes.filter(each => each.outcome === 'kept').length, 1)
  assert.equal(outcomes.filter(each => each.outcome === 'repeated').length, 7)
  assert.equal(box.archive.catalog.totals().instances, 1)
  assert.equal((await blobFiles(box.folder)).length, 1)
  await box.close()
})

test('bad input is refused with its own fault and leaves nothing', async () => {
  const box = await open()
  const { file, dataset, announced } = imageOf({ pixels: 2_000 })
  const { archive } = box
  const cases: [string, () => Promise<unknown>][] = [
    ['not-dicom', () => archive.receiveFile(inPieces(Buffer.from('GIF89a')), origin)],
    ['not-dicom', () => archive.receiveFile(inPieces(Buffer.alloc(500)), origin)],
    ['not-dicom', () => archive.receiveFile(inPieces(Buffer.alloc(0)), origin)],
    ['dataset-truncated', () => archive.receiveFile(inPieces(file.subarray(0, -100)), origin)],
    [
      'dataset-truncated',
      () => archive.receiveDataset(inPieces(dataset.subarray(0, -1)), announced, origin),
    ],
    ['identifiers-missing', () => box.receive({ without: 'SOPInstanceUID' })],
    ['identifiers-missing', () => box.receive({ without: 'SOPClassUID' })],
    ['identifiers-missing', () => box.receive({ without: 'StudyInstanceUID' })],
    ['identifiers-missing', () => box.receive({ without: 'SeriesInstanceUID' })],
    [
      'identifiers-contradict',
      () =>
        archive.receiveDataset(
          inPieces(dataset),
          { ...announced, sopInstanceUid: '1.2.3' },
          origin,
        ),
    ],
  ]
  for (const [code, attempt] of cases) await assert.rejects(attempt(), fault(code), code)
  assert.equal(archive.catalog.totals().instances, 0)
  assert.deepEqual(await blobFiles(box.folder), [])
  await box.close()
})

test('removing a resource takes all below it and what becomes empty above it', async () => {
  const box = await open()
  const first = (await box.receive({ study: 1, series: 1, instance: 1, modality: 'MR' })).instance
  const second = (await box.receive({ study: 1, series: 2, instance: 1 })).instance
  const other = (await box.receive({ patient: 'P2', study: 2 })).instance
  const { archive } = box
  assert.deepEqual(await archive.remove(first.id), {
    left: { level: 'Study', id: first.study },
  })
  const study = archive.catalog.parent(first.study)!
  assert.deepEqual([study.series, study.instances, study.bytes], [1, 1, second.bytes])
  assert.deepEqual(study.modalities, ['CT'])
  assert.equal(archive.catalog.parent(first.series), undefined)
  assert.deepEqual(await archive.remove(first.study), { left: null })
  assert.equal(archive.catalog.levelOf(first.patient), undefined)
  assert.deepEqual(archive.catalog.ids('Patient'), [other.patient])
  assert.deepEqual(archive.catalog.lookup('P1'), [])
  assert.equal(archive.catalog.totals().bytes, other.bytes)
  assert.equal((await blobFiles(box.folder)).length, 1)
  await assert.rejects(archive.remove(first.id), fault('not-found'))
  assert.throws(() => archive.open(first.id), fault('not-found'))
  await archive.remove(other.id)
  assert.deepEqual([...box.store.space('c').range({ under: 'x' })], [])
  assert.deepEqual([...box.store.space('c').range({ under: 'r' })], [])
  await box.close()
})

test('what was removed may come again', async () => {
  const box = await open()
  const { instance } = await box.receive()
  await box.archive.remove(instance.patient)
  assert.equal((await box.receive()).outcome, 'kept')
  assert.equal(box.archive.catalog.totals().instances, 1)
  await box.close()
})

test('changes are waited for, and waiting ends with its signal', async () => {
  const box = await open()
  const stop = new AbortController()
  const seen: string[] = []
  const reader = (async () => {
    for await (const change of box.archive.changes(0, stop.signal)) {
      seen.push(change.kind)
      if (seen.length === 5) stop.abort()
    }
  })()
  await box.receive({ instance: 1 })
  await box.receive({ instance: 2 })
  await reader
  assert.deepEqual(seen, ['NewInstance', 'NewSeries', 'NewStudy', 'NewPatient', 'NewInstance'])
  await box.close()
})

test('everything is there after an orderly restart, and numbering goes on', async () => {
  const box = await open()
  const { instance } = await box.receive({ name: 'Müller^Jürgen' })
  await box.close()
  const again = await openHoldings({ folder: box.folder })
  assert.deepEqual(again.archive.catalog.instance(instance.id), instance)
  assert.equal(again.archive.catalog.lastChange(), 4)
  await again.receive({ instance: 2 })
  assert.equal(again.archive.catalog.lastChange(), 5)
  await again.close()
})

test('an instance whose catalogue entry was lost is listed again from its blob', async () => {
  const box = await open()
  const kept = [await box.receive({ instance: 1 }), await box.receive({ instance: 2 })]
  await box.archive.close()
  // As after a power cut: blobs are durable, the catalogue's last commits are not.
  const folder = await freshFolder()
  await cp(join(box.folder, 'blobs'), join(folder, 'blobs'), { recursive: true })
  await box.store.close()
  const again = await openHoldings({ folder })
  for (const { instance } of kept) {
    assert.deepEqual(again.archive.catalog.instance(instance.id), instance)
    assert.equal((await whole(again.archive.open(instance.id))).length, instance.bytes)
  }
  assert.equal(again.archive.catalog.totals().instances, 2)
  await again.close()
})

test('a named blob that is not whole is swept at the start, an unfinished one too', async () => {
  const box = await open()
  const { instance } = await box.receive({ pixels: 5_000 })
  await box.close()
  const leaf = join(box.folder, 'blobs', '000', '00')
  const file = await readFile(join(leaf, `${instance.blob}.dcm`))
  await writeFile(join(leaf, '00000010.dcm'), file)
  await truncate(join(leaf, '00000010.dcm'), file.length - 50)
  const torn = Buffer.from(file)
  torn.fill(0, 2_000, 4_000)
  await writeFile(join(leaf, '00000011.dcm'), torn)
  await writeFile(join(leaf, '00000012.dcm'), '')
  await writeFile(join(leaf, '00000013.part'), file)
  const again = await openHoldings({ folder: box.folder })
  assert.deepEqual(await readdir(leaf), [`${instance.blob}.dcm`])
  assert.equal(again.archive.catalog.totals().instances, 1)
  await again.close()
})

test('after closing nothing more is received', async () => {
  const box = await open()
  await box.close()
  await assert.rejects(box.receive(), fault('stopping'))
  assert.deepEqual(box.archive.readiness(), { refused: 'stopping' })
})
