import assert from 'node:assert/strict'
import { truncateSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import {
  ask,
  found,
  patientRoot,
  patientStudyOnly,
  startAnswering,
  studyRoot,
} from '../../../test/conformance/find/answering.ts'
import type { Box } from '../../../test/conformance/nodes/box.ts'
import type { ImageOf } from '../../../test/faults/images.ts'
import { eventually } from '../../../test/peers/programs.ts'
import type { NewElement } from '../../standard/dicom/dicom.ts'

const utf8: NewElement = { tag: 'SpecificCharacterSet', value: 'ISO_IR 192' }
const other = '1.2.840.10008.5.1.4.1.1.4'
const images: ImageOf[] = [
  { patient: 'P1', name: 'Müller^Jürgen', study: 1, date: '20260110', modality: 'CT' },
  { patient: 'P1', name: 'Müller^Jürgen', study: 1, date: '20260110', instance: 2 },
  { patient: 'P1', name: 'Müller^Jürgen', study: 1, series: 2, modality: 'MR', date: '20260110' },
  { patient: 'P2', name: 'Smith^John', study: 2, date: '20260131', accession: 'x-9' },
  { patient: 'P3', name: 'Yamada^Tarou=山田^太郎=やまだ^たろう', study: 3, date: '20260201' },
]
/** What the catalogue does not hold, each study's own. */
const header = (study: number): NewElement[] => [
  utf8,
  { tag: 'StudyTime', value: `1${study}3000` },
  { tag: 'PatientAge', value: `0${study}0Y` },
  { tag: 'Rows', value: 512 * study },
  {
    tag: 'ProcedureCodeSequence',
    items: [
      [
        { tag: 'CodeValue', value: `C${study}` },
        { tag: 'CodingSchemeDesignator', value: '99X' },
      ],
    ],
  },
  { tag: 0x00290011, vr: 'LO', value: 'MAKER 1' },
  { tag: 0x00291120, vr: 'LO', value: `private ${study}` },
]

const privateKeys = [{ creator: 'MAKER 1', tag: '0029,xx20', vr: 'LO' }]
let box: Box
before(async () => {
  box = await startAnswering({ privateKeys })
  for (const image of images) await box.receive({ ...image, more: header(image.study!) })
})
after(() => box.stop())

const studies = (...keys: NewElement[]) =>
  found(box.port, { level: 'STUDY', keys }, 'StudyInstanceUID').then(all =>
    all.map(uid => Number(uid?.split('.').at(-1))),
  )

describe('what is found', () => {
  test('studies by name, date, identifiers and what only the images say', async () => {
    assert.deepEqual(await studies(), [1, 2, 3])
    assert.deepEqual(await studies({ tag: 'PatientName', value: 'MULLER^J*' }), [1])
    assert.deepEqual(await studies(utf8, { tag: 'PatientName', value: 'müller^jürgen' }), [1])
    assert.deepEqual(await studies(utf8, { tag: 'PatientName', value: 'やまだ*' }), [3])
    assert.deepEqual(await studies({ tag: 'PatientName', value: 'yamada^tarou' }), [3])
    assert.deepEqual(await studies({ tag: 'StudyDate', value: '20260111-' }), [2, 3])
    assert.deepEqual(
      await studies(
        { tag: 'StudyDate', value: '20260101-20260131' },
        { tag: 'PatientName', value: 'S*' },
      ),
      [2],
    )
    assert.deepEqual(await studies({ tag: 'StudyTime', value: '1200-1400' }), [2, 3])
    assert.deepEqual(await studies({ tag: 'AccessionNumber', value: 'X-9' }), [], 'as written')
    assert.deepEqual(await studies({ tag: 'AccessionNumber', value: 'x-*' }), [2])
    assert.deepEqual(
      await studies({ tag: 'StudyInstanceUID', value: '1.2.826.0.1.1\\1.2.826.0.1.3\\9.9' }),
      [1, 3],
    )
    assert.deepEqual(await studies({ tag: 'ModalitiesInStudy', value: 'MR' }), [1])
    assert.deepEqual(await studies({ tag: 'PatientAge', value: '020Y' }), [2])
    assert.deepEqual(await studies({ tag: 'Rows', value: [1536] }), [3])
    assert.deepEqual(await studies({ tag: 'StudyDescription', value: '""' }), [1, 2, 3])
    assert.deepEqual(await studies({ tag: 'PatientAge', value: '""' }), [])
  })

  test('by a sequence, whose matching items come back', async () => {
    const item = [
      { tag: 'CodeValue', value: 'C2' },
      { tag: 'CodingSchemeDesignator', value: '' },
    ]
    const [match, end] = await ask(box.port, {
      level: 'STUDY',
      keys: [{ tag: 'ProcedureCodeSequence', items: [item] }],
    })
    assert.equal(match!.status, 0xff00)
    assert.equal(end!.status, 0)
    const [code] = match!.found!.items('ProcedureCodeSequence')
    assert.deepEqual([code!.text('CodeValue'), code!.text('CodingSchemeDesignator')], ['C2', '99X'])
    const [all] = await ask(box.port, {
      level: 'STUDY',
      keys: [
        { tag: 'ProcedureCodeSequence', items: [] },
        { tag: 'PatientID', value: 'P3' },
      ],
    })
    assert.equal(all!.found!.items('ProcedureCodeSequence')[0]!.text('CodeValue'), 'C3')
  })

  test('by a private element, wherever its creator has its block', async () => {
    const keys = [
      { tag: 0x00290010, vr: 'LO', value: 'MAKER 1' },
      { tag: 0x00291020, vr: 'LO', value: '* 2' },
    ]
    const replies = await ask(box.port, { level: 'STUDY', keys })
    assert.deepEqual(
      replies.map(({ status }) => status),
      [0xff00, 0],
    )
    assert.equal(replies[0]!.found!.text(0x00290010), 'MAKER 1')
    assert.equal(replies[0]!.found!.text(0x00291020), 'private 2')
  })

  test('the studies of patients of whom no identifier is known', async () => {
    const other = await startAnswering()
    await other.receive({ patient: '', study: 8 })
    await other.receive({ patient: 'P9', study: 9 })
    const keys = [{ tag: 'PatientID', value: '""' }]
    const question = { model: patientRoot, level: 'STUDY', keys }
    assert.deepEqual(await found(other.port, question, 'StudyInstanceUID'), ['1.2.826.0.1.8'])
    await other.stop()
  })

  test('the levels of each model', async () => {
    const patients = (model: string) => found(box.port, { model, level: 'PATIENT' }, 'PatientID')
    assert.deepEqual(await patients(patientRoot), ['P1', 'P2', 'P3'])
    assert.deepEqual(await patients(patientStudyOnly), ['P1', 'P2', 'P3'])
    const inStudy = { tag: 'StudyInstanceUID', value: '1.2.826.0.1.1' }
    const inSeries = { tag: 'SeriesInstanceUID', value: '1.2.826.0.1.1.1' }
    const of = (model: string, level: string, keyword: string, ...keys: NewElement[]) =>
      found(box.port, { model, level, keys }, keyword)
    assert.deepEqual(await of(studyRoot, 'SERIES', 'Modality', inStudy, { tag: 'Modality' }), [
      'CT',
      'MR',
    ])
    assert.deepEqual(
      await of(studyRoot, 'IMAGE', 'InstanceNumber', inStudy, inSeries, { tag: 'InstanceNumber' }),
      ['1', '2'],
    )
    const ofPatient = { tag: 'PatientID', value: 'P1' }
    assert.deepEqual(await of(patientRoot, 'STUDY', 'StudyInstanceUID', ofPatient), [
      '1.2.826.0.1.1',
    ])
    assert.deepEqual(
      await of(patientRoot, 'IMAGE', 'SOPInstanceUID', ofPatient, inStudy, inSeries),
      ['1.2.826.0.1.1.1.1', '1.2.826.0.1.1.1.2'],
    )
  })

  test('keys that are computed', async () => {
    const tags = [
      ...['ModalitiesInStudy', 'SOPClassesInStudy', 'NumberOfPatientRelatedStudies'],
      ...['NumberOfPatientRelatedSeries', 'NumberOfPatientRelatedInstances'],
      ...['NumberOfStudyRelatedSeries', 'NumberOfStudyRelatedInstances', 'InstanceAvailability'],
    ]
    const keys = [{ tag: 'PatientID', value: 'P1' }, ...tags.map(tag => ({ tag }))]
    const [match] = await ask(box.port, { level: 'STUDY', keys })
    assert.equal(match!.status, 0xff00)
    assert.deepEqual(
      tags.map(tag => match!.found!.text(tag)),
      ['CT\\MR', '1.2.840.10008.5.1.4.1.1.2', '1', '2', '3', '2', '3', 'ONLINE'],
    )
    assert.equal(match!.found!.text('RetrieveAETitle'), 'WAYSTATION')
    assert.equal(match!.found!.text('QueryRetrieveLevel'), 'STUDY')
    const inStudy = { tag: 'StudyInstanceUID', value: '1.2.826.0.1.1' }
    const series = [inStudy, { tag: 'NumberOfSeriesRelatedInstances' }]
    assert.deepEqual(
      await found(box.port, { level: 'SERIES', keys: series }, 'NumberOfSeriesRelatedInstances'),
      ['1', '2'],
    )
    assert.deepEqual(await studies({ tag: 'SOPClassesInStudy', value: other }), [])
    assert.deepEqual(await studies({ tag: 'NumberOfStudyRelatedInstances', value: '3' }), [1])
  })

  test('what cannot be read any more is unavailable, and asked for as such', async () => {
    const other = await startAnswering()
    const { instance } = await other.receive({ study: 1 })
    await other.receive({ study: 1, instance: 2 })
    await other.receive({ study: 2 })
    const available = (value?: string) => ({
      ...{ level: 'STUDY', keys: [{ tag: 'InstanceAvailability', ...(value && { value }) }] },
    })
    const say = (value?: string) => found(other.port, available(value), 'InstanceAvailability')
    assert.deepEqual(await say(), ['ONLINE', 'ONLINE'])
    assert.deepEqual(await say('OFFLINE'), [])
    truncateSync(join(other.folder, 'blobs/000/00', `${instance.blob}.dcm`), 100)
    other.archive.scrub.begin()
    await eventually(() => other.archive.damaged().length > 0 || undefined, 'the scrub')
    assert.deepEqual(await say(), ['ONLINE', 'UNAVAILABLE'], 'the least available of a study')
    assert.deepEqual(await found(other.port, available('UNAVAILABLE'), 'StudyInstanceUID'), [
      '1.2.826.0.1.1',
    ])
    await other.stop()
  })

  test('a timezone says how times are meant and is not matched', async () => {
    assert.deepEqual(await studies({ tag: 'TimezoneOffsetFromUTC', value: '+0900' }), [1, 2, 3])
  })

  test('in every transfer syntax of identifiers', async () => {
    for (const transferSyntaxUid of [
      '1.2.840.10008.1.2',
      '1.2.840.10008.1.2.2',
      '1.2.840.10008.1.2.1.99',
    ]) {
      const keys = [utf8, { tag: 'PatientName', value: 'müller*' }, { tag: 'Rows' }]
      const [match] = await ask(box.port, { level: 'STUDY', keys, transferSyntaxUid })
      assert.equal(match!.found!.text('PatientName'), 'Müller^Jürgen', transferSyntaxUid)
      assert.deepEqual(match!.found!.numbers('Rows'), [512], transferSyntaxUid)
    }
  })
})

describe('keys that are not supported', () => {
  const statuses = async (...keys: NewElement[]) =>
    (await ask(box.port, { level: 'STUDY', keys })).map(({ status }) => status)
  test('are told by FF01H and not returned: of a lower level, private and undeclared', async () => {
    const pending = [0xff01, 0xff01, 0xff01, 0]
    assert.deepEqual(await statuses({ tag: 'SeriesDescription' }), pending)
    assert.deepEqual(await statuses({ tag: 0x00311010, vr: 'LO', value: '' }), pending)
    const [match] = await ask(box.port, { level: 'STUDY', keys: [{ tag: 'SeriesDescription' }] })
    assert.equal(match!.found!.get('SeriesDescription'), undefined)
  })
  test('an attribute that images may have is supported, and empty where they have it not', async () => {
    assert.deepEqual(await statuses({ tag: 'PatientComments' }), [0xff00, 0xff00, 0xff00, 0])
  })
  test('headers are left unread by setting', async () => {
    const shut = await startAnswering({ readHeaders: false })
    await shut.receive({ more: header(1) })
    const keys = [{ tag: 'PatientAge', value: '' }]
    const replies = await ask(shut.port, { level: 'STUDY', keys })
    assert.deepEqual(
      replies.map(({ status }) => status),
      [0xff01, 0],
    )
    await shut.stop()
  })
})

describe('what is negotiated', () => {
  const inStudy = [{ tag: 'StudyDate', value: '20260110' }]
  test('relational queries may leave out the levels above', async () => {
    const question = { level: 'SERIES', keys: inStudy, extended: [1] }
    assert.equal((await found(box.port, question, 'SeriesInstanceUID')).length, 2)
    const [refusal] = await ask(box.port, { ...question, extended: [0] })
    assert.equal(refusal!.status, 0xa900)
  })
  test('or always, by setting', async () => {
    const lenient = await startAnswering({ relational: 'always' })
    await lenient.receive({})
    assert.equal((await found(lenient.port, { level: 'IMAGE' }, 'SOPInstanceUID')).length, 1)
    await lenient.stop()
  })
  test('dates and times combined', async () => {
    const keys = [
      { tag: 'StudyDate', value: '20260110-20260131' },
      { tag: 'StudyTime', value: '1200-1130' },
    ]
    const asked = (extended: number[]) =>
      found(box.port, { level: 'STUDY', keys, extended }, 'StudyInstanceUID')
    assert.deepEqual(await asked([0, 0]), [])
    assert.deepEqual(await asked([0, 1]), [])
    keys[1]!.value = '1100-1330'
    assert.deepEqual(await asked([0, 1]), ['1.2.826.0.1.1', '1.2.826.0.1.2'])
    keys[1]!.value = '1100-1200'
    assert.deepEqual(await asked([0, 1]), ['1.2.826.0.1.1'])
  })
  test('dates and times combined that only the images say', async () => {
    const one = await startAnswering()
    const more = [
      { tag: 'AcquisitionDate', value: '20260110' },
      { tag: 'AcquisitionTime', value: '101500' },
    ]
    await one.receive({ more })
    const asked = (times: string, extended: number[]) => {
      const keys = [
        { tag: 'AcquisitionDate', value: '20260109-20260111' },
        { tag: 'AcquisitionTime', value: times },
      ]
      return found(one.port, { level: 'IMAGE', keys, extended }, 'SOPInstanceUID')
    }
    assert.equal((await asked('1200-1100', [1, 1])).length, 1)
    assert.equal((await asked('1200-1100', [1, 0])).length, 0)
    const day = [
      { tag: 'AcquisitionDate', value: '20260110-20260110' },
      { tag: 'AcquisitionTime', value: '1016-1100' },
    ]
    const late = { level: 'IMAGE', keys: day, extended: [1, 1] }
    assert.deepEqual(await found(one.port, late, 'SOPInstanceUID'), [])
    await one.stop()
  })
  test('fuzzy names', async () => {
    const question = { level: 'STUDY', keys: [{ tag: 'PatientName', value: 'john smith' }] }
    assert.deepEqual(await found(box.port, question, 'PatientID'), [])
    const fuzzy = { ...question, keys: [...question.keys, { tag: 'PatientID' }] }
    assert.deepEqual(await found(box.port, { ...fuzzy, extended: [0, 0, 1] }, 'PatientID'), ['P2'])
  })
})

describe('how it ends', () => {
  test('at the limit with A700H', async () => {
    const small = await startAnswering({ limit: 2 })
    for (const study of [1, 2]) await small.receive({ study })
    const statuses = async () =>
      (await ask(small.port, { level: 'STUDY' })).map(({ status }) => status)
    assert.deepEqual(await statuses(), [0xff00, 0xff00, 0])
    await small.receive({ study: 3 })
    assert.deepEqual(await statuses(), [0xff00, 0xff00, 0xa700])
    await small.stop()
  })
  test('with FE00H after a C-CANCEL', async () => {
    const many = await startAnswering()
    for (let study = 1; study <= 300; study++) await many.receive({ study, pixels: 2 })
    const cancel = AbortSignal.abort()
    const replies = await ask(many.port, { level: 'STUDY', keys: header(1), cancel })
    assert.equal(replies.at(-1)!.status, 0xfe00)
    assert.ok(replies.length < 300)
    await many.stop()
  })
})
