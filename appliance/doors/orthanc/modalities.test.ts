import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLog } from '../../log.ts'
import {
  explicitLittleEndian,
  type NewElement,
  readDataset,
  writeDataset,
} from '../../standard/dicom/dicom.ts'
import { createAcceptor, type Services } from '../../standard/dimse/dimse.ts'
import type { JsonObject } from './json.ts'
import { type DoorUnderTest, fileOf, withDoor } from './orthanc.contract.ts'

/** A remote node on a port of its own, known to the door as `far`. */
async function withNode(
  services: Services,
  use: (door: DoorUnderTest) => Promise<void>,
  takes: (abstractSyntax: string) => boolean = () => true,
): Promise<void> {
  const acceptor = createAcceptor({
    ...{ host: '127.0.0.1', port: 0, aeTitles: 'any', services, log: silentLog },
    offers: abstractSyntax =>
      takes(abstractSyntax) ? { transferSyntaxes: [explicitLittleEndian] } : undefined,
    onRecord: () => undefined,
  })
  const stop = new AbortController()
  const running = acceptor.run(stop.signal)
  const { port } = await acceptor.listening
  try {
    await withDoor(async door => {
      const put = await door.ask(
        'PUT',
        '/modalities/far',
        JSON.stringify(['FAR', '127.0.0.1', port!]),
      )
      assert.equal(put.status, 200)
      await use(door)
    })
  } finally {
    stop.abort()
    await running
  }
}

const dataset = (...elements: [string, string][]) =>
  writeDataset(
    elements.map(([tag, value]): NewElement => ({ tag, value })),
    explicitLittleEndian,
  )

const errorOf = async (answer: Response) => {
  const { OrthancStatus } = (await answer.json()) as JsonObject
  return [answer.status, OrthancStatus]
}

test('a modality is added, told with all its settings, changed and removed while the box runs', () =>
  withDoor(async door => {
    const put = (name: string, body: unknown) =>
      door.ask('PUT', `/modalities/${name}`, JSON.stringify(body))
    assert.deepEqual(await door.told('/modalities'), [])
    assert.equal((await put('b', ['AET', 'host', 104, 'MedInria'])).status, 200)
    const whole = {
      ...{ AET: 'A', Host: 'h', Port: '11112', Manufacturer: 'GE', LocalAet: 'US', Timeout: 7 },
      ...{ AllowEcho: false, AllowStorageCommitment: false, UseDicomTls: true },
      RetrieveMethod: 'C-GET',
    }
    assert.equal((await put('a', whole)).status, 200)
    assert.deepEqual(await door.told('/modalities'), ['a', 'b'])
    const told = (await door.told('/modalities?expand')) as JsonObject
    assert.deepEqual(told.a, {
      ...{ AET: 'A', AllowEcho: false, AllowEventReport: false, AllowFind: true },
      ...{ AllowFindWorklist: true, AllowGet: true, AllowMove: true, AllowNAction: false },
      ...{ AllowStore: true, AllowTranscoding: true, Host: 'h', LocalAet: 'US' },
      ...{ Manufacturer: 'GE', Port: 11112, RetrieveMethod: 'C-GET', Timeout: 7 },
      UseDicomTls: true,
    })
    assert.equal((told.b as JsonObject).Manufacturer, 'Generic')
    assert.deepEqual(await door.told('/modalities/a/configuration'), told.a)
    assert.ok(((await door.told('/modalities/a')) as string[]).includes('store'))
    assert.equal((await door.ask('DELETE', '/modalities/a')).status, 200)
    assert.deepEqual(await errorOf(await door.ask('DELETE', '/modalities/a')), [404, 7])
    assert.equal((await door.get('/modalities/a')).status, 404)
    const refused: [string, unknown, number][] = [
      ['c', { AET: 'A' }, 15],
      ['c', 'x', 15],
      ['c', ['A', 'h', 0], 3],
      ['c', ['A', 'h', 104, 'Acme'], 3],
      ['c', { AET: 'A', Host: 'h', Port: 1, RetrieveMethod: 'C-PULL' }, 3],
      ['c', { AET: 'A', Host: 'h', Port: 1, AllowFind: 'yes' }, 15],
      ['c', ['SEVENTEEN LETTERS', 'h', 104], 8],
      ['a%20b', ['A', 'h', 104], 15],
    ]
    for (const [name, body, code] of refused) {
      assert.deepEqual(await errorOf(await put(name, body)), [400, code], JSON.stringify(body))
    }
    assert.deepEqual(await door.told('/modalities'), ['b'])
  }))

test('a node is asked for a sign of life, and what it answers otherwise is said', () =>
  withNode({ echo: async () => ({ status: 0 }) }, async door => {
    assert.equal((await door.ask('POST', '/modalities/far/echo')).status, 200)
    assert.equal((await door.ask('POST', '/modalities/far/echo', '{}')).status, 200)
    const echo = (name: string, body: string) => door.ask('POST', `/modalities/${name}/echo`, body)
    assert.deepEqual(await errorOf(await echo('far', '{"Timeout":"x"}')), [400, 15])
    assert.deepEqual(await errorOf(await echo('nobody', '{}')), [404, 7])
    await door.ask('PUT', '/modalities/gone', '["GONE","127.0.0.1",1]')
    assert.deepEqual(await errorOf(await echo('gone', '{}')), [500, 9])
  }))

test('what is kept is sent by a job, which counts what was not taken', () => {
  const taken: string[] = []
  const services: Services = {
    async store({ data, sopInstanceUid, moveOriginatorAeTitle }) {
      for await (const _ of data);
      taken.push(`${sopInstanceUid} ${moveOriginatorAeTitle ?? ''}`)
      return { status: sopInstanceUid === '1.2.3.5' ? 0xa700 : 0 }
    },
  }
  return withNode(services, async door => {
    const { ParentStudy, ID } = await door.upload({})
    await door.upload({ SOPInstanceUID: '1.2.3.5' })
    const store = (body: unknown) =>
      door.ask(
        'POST',
        '/modalities/far/store',
        typeof body === 'string' ? body : JSON.stringify(body),
      )
    assert.deepEqual(await (await store(ID)).json(), {
      ...{ Description: 'REST API', FailedInstancesCount: 0, InstancesCount: 1 },
      ...{ LocalAet: 'BOX', ParentResources: [ID], RemoteAet: 'FAR' },
      Resources: [{ ID, Type: 'Instance' }],
    })
    const permissive = (await (
      await store({ Resources: [ParentStudy, ID], Permissive: true, MoveOriginatorAet: 'WHO' })
    ).json()) as JsonObject
    assert.deepEqual([permissive.InstancesCount, permissive.FailedInstancesCount], [2, 1])
    assert.equal(permissive.MoveOriginatorAET, 'WHO')
    assert.deepEqual(taken.sort(), ['1.2.3.4 ', '1.2.3.4 WHO', '1.2.3.5 WHO'])
    const failed = await store([ParentStudy])
    assert.equal(failed.status, 500)
    const { ErrorPayload, OrthancStatus } = (await failed.json()) as JsonObject
    assert.deepEqual(ErrorPayload, { Content: { DimseErrorStatus: 0xa700 }, Type: 'Dimse' })
    assert.equal(OrthancStatus, 9)
    for (const [body, status, code] of [
      ['abc', 400, 15],
      ['["abc"]', 400, 15],
      ['{}', 400, 15],
      [`["${ID.replace(/^./, ID.startsWith('0') ? '1' : '0')}"]`, 404, 17],
      [`{"Resources":["${ID}"],"Port":"x"}`, 400, 15],
    ] as const) {
      assert.deepEqual(await errorOf(await store(body)), [status, code], body)
    }
    const states = (await door.told('/jobs?expand')) as unknown as JsonObject[]
    assert.deepEqual(states.map(({ State }) => State).sort(), ['Failure', 'Success', 'Success'])
    const straight = await door.ask('POST', '/modalities/far/store-straight', fileOf({}))
    assert.deepEqual(await straight.json(), {
      ...{ SOPClassUID: '1.2.840.10008.5.1.4.1.1.2', SOPInstanceUID: '1.2.3.4' },
    })
  })
})

test('a query is asked at its level, its answers are told and asked further, and fetched', () => {
  const asked: string[][] = []
  const moved: [string, string | undefined][] = []
  const services: Services = {
    operations: {
      async *'C-FIND'({ dataset: identifier }) {
        const keys = readDataset(identifier!, explicitLittleEndian)
        const level = keys.text('QueryRetrieveLevel')
        if (level === undefined) {
          yield { status: 0xff00, dataset: dataset(['PatientID', 'W']) }
          return
        }
        asked.push([level, ...Array.from(keys.elements(), ({ tag }) => tag.toString(16))])
        const common: [string, string][] = [
          ['QueryRetrieveLevel', level],
          ['PatientID', 'P'],
          ['StudyInstanceUID', '1.2'],
        ]
        yield { status: 0xff00, dataset: dataset(...common, ['StudyDescription', 'Knee']) }
        if (level === 'STUDY') yield { status: 0xff00, dataset: dataset(...common) }
        yield { status: 0 }
      },
      async *'C-MOVE'({ dataset: identifier, moveDestination }) {
        const keys = readDataset(identifier!, explicitLittleEndian)
        moved.push([keys.text('StudyInstanceUID')!, moveDestination])
        yield { status: 0xff00, remaining: 1, completed: 1, failed: 0, warning: 0 }
        yield { status: moveDestination === 'NOBODY' ? 0xa801 : 0, completed: 2, failed: 0 }
      },
    },
  }
  return withNode(services, async door => {
    const query = {
      Level: 'studies',
      Query: { PatientName: 'Doe*', Modality: 'CT', StudyDescription: '' },
    }
    const made = (await door.posted('/modalities/far/query', query)) as JsonObject
    // Modality belongs to the series and is not asked; what tells studies apart is.
    const keys = ['80050', '80052', '81030', '100010', '100020', '20000d']
    assert.deepEqual(asked.at(-1), ['STUDY', ...keys])
    const at = String(made.Path)
    assert.deepEqual(await door.told('/queries'), [made.ID!])
    assert.equal(await (await door.get(`${at}/level`)).text(), 'Study')
    assert.equal(await (await door.get(`${at}/modality`)).text(), 'far')
    assert.deepEqual(await door.told(`${at}/query?simplify`), query.Query)
    assert.deepEqual(await door.told(`${at}/answers`), ['0', '1'])
    const first = {
      ...{ PatientID: 'P', QueryRetrieveLevel: 'STUDY', StudyDescription: 'Knee' },
      StudyInstanceUID: '1.2',
    }
    assert.deepEqual(await door.told(`${at}/answers/0/content?simplify`), first)
    const expanded = (await door.told(`${at}/answers?expand&short`)) as unknown as JsonObject[]
    assert.equal(expanded[0]!['0008,1030'], 'Knee')
    assert.deepEqual(await door.told(`${at}/answers/0`), [
      ...['content', 'retrieve', 'query-series', 'query-instances'],
    ])
    await door.posted(`${at}/answers/0/query-series`, { Query: { Modality: '' } })
    assert.deepEqual(asked.at(-1)![0], 'SERIES')
    assert.deepEqual(await errorOf(await door.get(`${at}/answers/9`)), [400, 3])
    assert.deepEqual(await errorOf(await door.get(`${at}/answers/x/content`)), [400, 5])
    assert.deepEqual(
      await errorOf(await door.ask('POST', `${at}/answers/0/query-studies`, '{}')),
      [404, 17],
    )
    const fetched = await door.ask('POST', `${at}/answers/0/retrieve`, 'OTHER')
    const keysOf = { '0008,0052': 'STUDY', '0010,0020': 'P', '0020,000d': '1.2' }
    assert.deepEqual(await fetched.json(), {
      ...{ Description: 'REST API', LocalAet: 'BOX', RemoteAet: 'FAR', TargetAet: 'OTHER' },
      Details: [{ DimseErrorStatus: 0, Query: keysOf, ReceivedInstancesIds: [] }],
      Query: [keysOf],
    })
    const all = await door.ask('POST', `${at}/retrieve`, JSON.stringify({ Simplify: true }))
    assert.equal(((await all.json()) as { Query: JsonObject[] }).Query[1]!.PatientID, 'P')
    assert.deepEqual(moved, [
      ['1.2', 'OTHER'],
      ['1.2', 'BOX'],
      ['1.2', 'BOX'],
    ])
    assert.deepEqual(await errorOf(await door.ask('POST', `${at}/retrieve`, 'NOBODY')), [500, 9])
    assert.equal((await door.ask('DELETE', at)).status, 200)
    assert.deepEqual(await errorOf(await door.get(at)), [404, 17])
    for (const [body, code] of [
      [{ Query: {} }, 15],
      [{ Level: 'Planet', Query: {} }, 3],
      [{ Level: 'Study', Query: { PatientName: 5 } }, 15],
      [{ Level: 'Study', Query: { Nonsense: '' } }, 15],
      [[], 15],
    ] as const) {
      const answer = await door.ask('POST', '/modalities/far/query', JSON.stringify(body))
      assert.deepEqual(await errorOf(answer), [400, code])
    }
    const move = { Level: 'Study', Resources: [{ PatientID: 'P' }] }
    const refused = await door.ask('POST', '/modalities/far/move', JSON.stringify(move))
    assert.deepEqual(await errorOf(refused), [400, 8])
    assert.deepEqual(await door.posted('/modalities/far/find-worklist', { PatientID: '' }), [
      { PatientID: 'W' },
    ])
    const studies = { PatientID: 'P' }
    assert.deepEqual(await door.posted('/modalities/far/find-study', studies), [
      { ...first },
      { PatientID: 'P', QueryRetrieveLevel: 'STUDY', StudyInstanceUID: '1.2' },
    ])
    const unnamed = await door.ask('POST', '/modalities/far/find-study', '{}')
    assert.deepEqual([unnamed.status, await unnamed.text()], [400, ''])
  })
})

test('of a node that takes no queries and retrievals it is said which, also by the job', () =>
  withNode(
    { echo: async () => ({ status: 0 }) },
    async door => {
      const ask = async (path: string, body: object) =>
        errorOf(await door.ask('POST', `/modalities/far/${path}`, JSON.stringify(body)))
      const study = { Level: 'Study', Query: {} }
      assert.deepEqual(await ask('query', study), [500, 2016])
      assert.deepEqual(await ask('find-patient', { PatientID: '' }), [500, 2016])
      assert.deepEqual(await ask('find-worklist', { Query: {} }), [500, 2016])
      assert.deepEqual(await ask('echo', { CheckFind: true }), [500, 2016])
      const what = { Level: 'Study', Resources: [{ StudyInstanceUID: '1.2.3' }] }
      assert.deepEqual(await ask('move', what), [500, 2017])
      assert.deepEqual(await ask('get', what), [500, 2045])
      const jobs = (await door.told('/jobs?expand')) as JsonObject[]
      assert.deepEqual(jobs.map(({ Type, ErrorCode }) => `${Type} ${ErrorCode}`).sort(), [
        'DicomGetScu 2045',
        'DicomMoveScu 2017',
      ])
    },
    abstractSyntax => abstractSyntax === '1.2.840.10008.1.1',
  ))
