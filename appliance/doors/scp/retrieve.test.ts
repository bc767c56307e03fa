import assert from 'node:assert/strict'
import { truncateSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { aeTitle, startNode } from '../../../test/conformance/dimse/node.ts'
import {
  callFor,
  type GivingBox,
  patientRoot,
  patientStudyOnly,
  retrieve,
  startGiving,
  studyRoot,
  type Wanting,
} from '../../../test/conformance/retrieve/giving.ts'
import { ctImageStorage, imageOf } from '../../../test/faults/images.ts'
import { eventually } from '../../../test/peers/programs.ts'
import { type Fields, silentLog } from '../../log.ts'
import {
  explicitLittleEndian,
  implicitLittleEndian,
  type NewElement,
  readDataset,
  writeDataset,
} from '../../standard/dicom/dicom.ts'
import type { Reply, StoreRequest } from '../../standard/dimse/dimse.ts'

/** `retrieve-failed` in the log. */
const failures: Fields[] = []
const log = {
  ...silentLog,
  warn: (event: string, fields: Fields) =>
    void (event === 'retrieve-failed' && failures.push(fields)),
}
let box: GivingBox
let destination: Awaited<ReturnType<typeof startNode>>

const study = (n: number): NewElement => ({ tag: 'StudyInstanceUID', value: `1.2.826.0.1.${n}` })
const series = (n: number, s: number): NewElement => ({
  tag: 'SeriesInstanceUID',
  value: `1.2.826.0.1.${n}.${s}`,
})
const image = (n: number, s: number, i: number) => `1.2.826.0.1.${n}.${s}.${i}`
const patient = (value: string): NewElement => ({ tag: 'PatientID', value })

before(async () => {
  box = await startGiving({ log })
  for (const given of [
    ...[1, 2, 3].map(instance => ({ patient: 'P1', study: 1, instance })),
    { patient: 'P1', study: 1, series: 2 },
    { patient: 'P1', study: 2 },
    { patient: 'P2', study: 3 },
  ])
    await box.receive(given)
  destination = await startNode()
  await box.knows('archive', aeTitle, destination.port)
  await box.knows('down', 'DOWN', 1, { timeout: 1 })
})
after(async () => {
  await destination.stop()
  await box.stop()
})

const counts = ({ status, remaining, completed, failed, warning }: Reply) => ({
  ...{ status, remaining, completed, failed, warning },
})

/** What arrived, and the final reply. */
async function moved(wanting: Omit<Wanting, 'destination'>) {
  destination.kept.clear()
  const replies = await retrieve(box.port, { ...wanting, destination: aeTitle })
  return { arrived: [...destination.kept.keys()].sort(), final: replies.at(-1)!, replies }
}

describe('C-MOVE sends what is named', () => {
  test('a patient, a study, a series, an image; and lists of them', async () => {
    const { move } = patientRoot
    const all = (n: number) => [1, 2, 3].map(i => image(n, 1, i))
    const cases: [Omit<Wanting, 'model'> & { model?: string }, string[]][] = [
      [{ level: 'PATIENT', keys: [patient('P2')] }, [image(3, 1, 1)]],
      [{ level: 'STUDY', keys: [patient('P1'), study(2)] }, [image(2, 1, 1)]],
      [{ level: 'SERIES', keys: [patient('P1'), study(1), series(1, 1)] }, all(1)],
      [
        {
          level: 'IMAGE',
          keys: [
            ...[patient('P1'), study(1), series(1, 1)],
            { tag: 'SOPInstanceUID', value: [image(1, 1, 1), image(1, 1, 3)] },
          ],
        },
        [image(1, 1, 1), image(1, 1, 3)],
      ],
      [
        {
          ...{ level: 'STUDY', model: studyRoot.move },
          keys: [{ tag: 'StudyInstanceUID', value: ['1.2.826.0.1.2', '1.2.826.0.1.3', '1.2.9'] }],
        },
        [image(2, 1, 1), image(3, 1, 1)],
      ],
      [{ level: 'PATIENT', keys: [patient('P2')], model: patientStudyOnly.move }, [image(3, 1, 1)]],
    ]
    for (const [wanting, expected] of cases) {
      const { arrived, final } = await moved({ model: move, ...wanting })
      assert.deepEqual(arrived, expected)
      assert.deepEqual(counts(final), {
        ...{ status: 0x0000, remaining: undefined },
        ...{ completed: expected.length, failed: 0, warning: 0 },
      })
    }
  })

  test('what came under UIDs with leading zeros, as some devices write them', async () => {
    const uid = '1.2.826.0.001.07'
    const more = [
      { tag: 'StudyInstanceUID', value: uid },
      { tag: 'SeriesInstanceUID', value: `${uid}.01` },
      { tag: 'SOPInstanceUID', value: `${uid}.01.01` },
    ]
    await box.receive({ patient: 'P7', study: 7, more })
    const { arrived } = await moved({ model: studyRoot.move, level: 'IMAGE', keys: more })
    assert.deepEqual(arrived, [`${uid}.01.01`])
  })

  test('what belongs to a patient of whom no identifier is known, by two quotation marks', async () => {
    await box.receive({ patient: '', study: 60 })
    await box.receive({ patient: '', study: 61 })
    const { move } = patientRoot
    const all = await moved({ model: move, level: 'PATIENT', keys: [patient('""')] })
    assert.deepEqual(all.arrived, [image(60, 1, 1), image(61, 1, 1)])
    const one = await moved({ model: move, level: 'STUDY', keys: [patient('""'), study(61)] })
    assert.deepEqual(one.arrived, [image(61, 1, 1)])
    const other = await moved({ model: move, level: 'STUDY', keys: [patient('""'), study(2)] })
    assert.deepEqual(other.arrived, [])
  })

  test('at a level in small letters', async () => {
    const { final } = await moved({ model: studyRoot.move, level: 'study', keys: [study(2)] })
    assert.deepEqual([final.status, final.completed], [0x0000, 1])
  })

  test('nothing that stands below another parent than the one named', async () => {
    const keys = [patient('P2'), study(1)]
    const { arrived, final } = await moved({ model: patientRoot.move, level: 'STUDY', keys })
    assert.deepEqual(arrived, [])
    assert.equal(final.status, 0x0000)
    assert.equal(final.completed, 0)
  })

  test('with a pending reply after each image but the last', async () => {
    const keys = [study(1), series(1, 1)]
    const { replies } = await moved({ model: studyRoot.move, level: 'SERIES', keys })
    assert.deepEqual(
      replies.map(({ status, remaining, completed }) => [status, remaining, completed]),
      [
        [0xff00, 2, 1],
        [0xff00, 1, 2],
        [0x0000, undefined, 3],
      ],
    )
  })

  test('byte for byte as it was stored', async () => {
    await moved({ model: studyRoot.move, level: 'STUDY', keys: [study(2)] })
    const { dataset } = imageOf({ patient: 'P1', study: 2 })
    const kept = destination.kept.get(image(2, 1, 1))!
    assert.equal(kept.transferSyntaxUid, explicitLittleEndian)
    assert.ok(kept.dataset.equals(dataset))
  })
})

describe('C-MOVE and C-GET are refused', () => {
  const refused: [string, Omit<Wanting, 'model'>, number, number?][] = [
    ['without an identifier', { identifier: new Uint8Array() }, 0xa900, 0x00080052],
    ['without a level', { keys: [study(1)] }, 0xa900, 0x00080052],
    ['at a level that is none', { level: 'FRAME', keys: [study(1)] }, 0xa900, 0x00080052],
    ['at a level the model lacks', { level: 'PATIENT', keys: [patient('P1')] }, 0xa900, 0x00080052],
    ['without the key of the level', { level: 'STUDY' }, 0xa900, 0x0020000d],
    ['without a key above it', { level: 'SERIES', keys: [series(1, 1)] }, 0xa900, 0x0020000d],
    [
      'with a wildcard for a key',
      { level: 'STUDY', keys: [{ tag: 'StudyInstanceUID', vr: 'UI', value: '1.2.*' }] },
      ...([0xa900, 0x0020000d] as const),
    ],
    [
      'with several keys above the level',
      {
        level: 'SERIES',
        keys: [{ tag: 'StudyInstanceUID', value: ['1.2', '1.3'] }, series(1, 1)],
      },
      ...([0xa900, 0x0020000d] as const),
    ],
    [
      'in a character set that does not exist',
      {
        level: 'STUDY',
        keys: [{ tag: 'SpecificCharacterSet', value: 'ISO_IR 999' }, study(1)],
      },
      ...([0xc000, 0x00080005] as const),
    ],
    ['with an identifier nobody can read', { identifier: Uint8Array.of(8, 0, 82, 0) }, 0xc000],
  ]
  for (const [title, wanting, status, tag] of refused)
    test(`${title}, with the status and the element to blame`, async () => {
      for (const model of [studyRoot.move, studyRoot.get]) {
        const replies = await retrieve(box.port, { model, destination: aeTitle, ...wanting })
        assert.equal(replies.length, 1)
        assert.equal(replies[0]!.status, status)
        assert.deepEqual(replies[0]!.offendingElements, tag && [tag])
        assert.ok(replies[0]!.errorComment)
      }
    })

  test('by the SOP class of another service, so that who may only move cannot get', async () => {
    const wanting = { level: 'STUDY', keys: [study(1)], destination: aeTitle }
    const cases = [
      ['C-GET', studyRoot.move],
      ['C-MOVE', studyRoot.get],
      ['C-MOVE', '1.2.840.10008.5.1.4.1.2.2.1'],
    ] as const
    for (const [operation, model] of cases) {
      const [reply] = await retrieve(box.port, { ...wanting, model, operation })
      assert.equal(reply!.status, 0x0122, `${operation} by ${model}`)
      assert.deepEqual(reply!.offendingElements, [0x00000002])
      assert.ok(reply!.errorComment)
    }
  })

  test('a key above may be left out where relational retrieval was agreed', async () => {
    const { final } = await moved({
      ...{ model: studyRoot.move, level: 'SERIES', keys: [series(1, 1)], extended: [1] },
    })
    assert.equal(final.status, 0x0000)
    assert.equal(final.completed, 3)
  })

  test('to a destination that is no known node: A801', async () => {
    const [reply] = await retrieve(box.port, {
      ...{ model: studyRoot.move, level: 'STUDY', keys: [study(1)], destination: 'NOBODY' },
    })
    assert.equal(reply!.status, 0xa801)
    assert.match(reply!.errorComment ?? '', /NOBODY/)
  })
})

describe('what cannot be sent', () => {
  test('since its blob has lost its end: a failure, and no half image', async () => {
    for (const [at, pixels] of [1000, 3_000_000].entries()) {
      const { instance } = await box.receive({ patient: 'P5', study: 50 + at, pixels })
      const blob = join(box.folder, 'blobs/000/00', `${instance.blob}.dcm`)
      truncateSync(blob, instance.bytes - 500)
      const wanting = { level: 'STUDY', keys: [study(50 + at)] }
      const { final, arrived } = await moved({ ...wanting, model: studyRoot.move })
      assert.deepEqual(arrived, [])
      assert.equal(final.status, 0xa702)
      assert.match(final.errorComment ?? '', /it lacks its last 500 bytes/)
    }
  })

  test('to a node that takes the connection and says nothing: called off at once, FE00', async () => {
    const mute = createServer(socket => {
      socket.on('error', () => {})
      socket.resume()
      cancel.abort()
    })
    const cancel = new AbortController()
    await new Promise<void>(resolve => mute.listen(0, '127.0.0.1', resolve))
    await box.knows('mute', 'MUTE', (mute.address() as AddressInfo).port, { timeout: 3_600 })
    const replies = await retrieve(box.port, {
      ...{ model: studyRoot.move, level: 'STUDY', keys: [study(1)], destination: 'MUTE' },
      cancel: cancel.signal,
    })
    assert.deepEqual(replies.map(counts), [
      { status: 0xfe00, remaining: 4, completed: 0, failed: 0, warning: 0 },
    ])
    mute.close()
  })

  test('to a node that is down: A702 with every failed UID, and one line in the log', async () => {
    failures.length = 0
    const replies = await retrieve(box.port, {
      ...{ model: studyRoot.move, level: 'SERIES', keys: [study(1), series(1, 1)] },
      destination: 'DOWN',
    })
    const final = replies.at(-1)!
    assert.deepEqual([final.status, final.failed, final.completed], [0xa702, 3, 0])
    assert.deepEqual(
      readDataset(final.dataset!, explicitLittleEndian).strings('FailedSOPInstanceUIDList'),
      [1, 2, 3].map(i => image(1, 1, i)),
    )
    assert.deepEqual(
      failures.map(({ code, instances }) => [code, instances]),
      [['peer-unreachable', 3]],
    )
  })

  test('to who leaves after the first image: one line for all that was left', async () => {
    failures.length = 0
    const association = await callFor(box.port, {
      model: studyRoot.get,
      contexts: [
        {
          ...{ abstractSyntax: ctImageStorage, transferSyntaxes: [explicitLittleEndian] },
          role: { scu: false, scp: true },
        },
      ],
      services: {
        async store() {
          association.abort()
          return { status: 0x0000 }
        },
      },
    })
    const keys = [{ tag: 'QueryRetrieveLevel', value: 'STUDY' }, study(1)]
    const replies = association.perform({
      ...{ operation: 'C-GET', sopClassUid: studyRoot.get },
      dataset: writeDataset(keys, explicitLittleEndian),
    })
    await assert.rejects(Array.fromAsync(replies))
    await eventually(() => failures.length > 0, 'the line')
    const [line, ...more] = failures
    assert.deepEqual([line!.code, line!.instances, more], ['peer-aborted', 4, []])
  })

  test('in a C-GET without a context for it: A702, and the reason', async () => {
    const [reply] = await retrieve(box.port, {
      ...{ model: studyRoot.get, level: 'STUDY', keys: [study(2)] },
    })
    assert.equal(reply!.status, 0xa702)
    assert.match(reply!.errorComment ?? '', /takes no CT Image Storage/)
  })

  test('a part of it: B000; a warning counts as one', async () => {
    const answers = [0xb000, 0xa700, 0x0000]
    const { final } = await got({ level: 'SERIES', keys: [study(1), series(1, 1)] }, async () => ({
      status: answers.shift()!,
    }))
    assert.deepEqual(counts(final), {
      ...{ status: 0xb000, remaining: undefined },
      ...{ completed: 1, failed: 1, warning: 1 },
    })
    assert.deepEqual(
      readDataset(final.dataset!, explicitLittleEndian).strings('FailedSOPInstanceUIDList'),
      [image(1, 1, 2)],
    )
  })
})

/** A C-GET of CT images, kept or answered as said. */
async function got(
  wanting: Omit<Wanting, 'model'>,
  answer?: (request: StoreRequest) => Promise<Reply>,
  transferSyntaxes: readonly string[] = [explicitLittleEndian],
) {
  const arrived = new Map<string, { transferSyntaxUid: string; dataset: Buffer }>()
  const replies = await retrieve(box.port, {
    model: studyRoot.get,
    contexts: [
      { abstractSyntax: ctImageStorage, transferSyntaxes, role: { scu: false, scp: true } },
    ],
    services: {
      async store(request) {
        const { sopInstanceUid, transferSyntaxUid, data } = request
        const dataset = Buffer.concat(await Array.fromAsync(data))
        arrived.set(sopInstanceUid, { transferSyntaxUid, dataset })
        return (await answer?.(request)) ?? { status: 0x0000 }
      },
    },
    ...wanting,
  })
  return { arrived, replies, final: replies.at(-1)! }
}

describe('C-GET', () => {
  test('brings images over the same association, byte for byte', async () => {
    const { arrived, final } = await got({ level: 'STUDY', keys: [study(1)] })
    assert.equal(final.status, 0x0000)
    assert.equal(final.completed, 4)
    const { dataset } = imageOf({ patient: 'P1', study: 1, instance: 2 })
    assert.ok(arrived.get(image(1, 1, 2))!.dataset.equals(dataset))
  })

  test('brings them converted where another transfer syntax was agreed', async () => {
    const { arrived, final } = await got({ level: 'STUDY', keys: [study(2)] }, undefined, [
      implicitLittleEndian,
    ])
    assert.equal(final.status, 0x0000)
    const { dataset, transferSyntaxUid } = arrived.get(image(2, 1, 1))!
    assert.equal(transferSyntaxUid, implicitLittleEndian)
    const converted = imageOf({
      ...{ patient: 'P1', study: 2, transferSyntaxUid: implicitLittleEndian },
    })
    assert.ok(dataset.equals(converted.dataset))
  })

  test('ends after the image on its way when it is called off: FE00', async () => {
    const cancel = new AbortController()
    const { arrived, final } = await got(
      { level: 'SERIES', keys: [study(1), series(1, 1)], cancel: cancel.signal },
      async () => {
        cancel.abort()
        return { status: 0x0000 }
      },
    )
    assert.equal(final.status, 0xfe00)
    assert.ok(arrived.size < 3)
    assert.equal(arrived.size + final.remaining!, 3)
  })
})
