import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { after, before, describe, it } from 'node:test'
import dcmjsDimse from 'dcmjs-dimse'
import { type Certificates, type Identity, makeCertificates } from '../../peers/certificates.ts'
import { eventually, freePort } from '../../peers/programs.ts'
import { WillingScp } from '../../peers/willingScp.ts'
import {
  aeTitle,
  call,
  folder,
  type Instance,
  type Node,
  sendAll,
  startNode,
  studies,
  syntheticInstances,
} from './node.ts'

const { Client, Server, constants, requests, responses } = dcmjsDimse
const { Status } = constants

// The library turns the root logger of `loglevel` to TRACE when it loads.
dcmjsDimse.log.disableAll()

type Request = Parameters<InstanceType<typeof Client>['addRequest']>[0]

/** 512² pixels of two bytes end the dataset; the rest of it the library writes anew, as it likes. */
const pixelsOf = (dataset: Buffer) => dataset.subarray(-512 * 512 * 2)

const files = folder()
let certificates: Certificates
let instances: Instance[]
let large: Instance
let node: Node

const secured = (who: Identity, authoritiesFile: string) => ({
  securityOptions: {
    key: readFileSync(who.keyFile),
    cert: readFileSync(who.certificateFile),
    ca: readFileSync(authoritiesFile),
    requestCert: true,
    rejectUnauthorized: true,
  },
})

before(async () => {
  certificates = await makeCertificates(files.within('certificates'))
  instances = syntheticInstances(files.within('synthetic'))
  large = instances[1]!
  node = await startNode({
    tls: {
      ...certificates.waystation,
      authoritiesFile: certificates.authoritiesFile,
      clientCertificate: 'required',
    },
  })
})

after(async () => {
  await node.stop()
  files.remove()
})

/** Asks all of it on one association; answers the statuses in order, pending ones included. */
function ask(port: number, asked: readonly Request[], options = {}): Promise<number[]> {
  return new Promise((resolve, reject) => {
    const statuses: number[] = []
    const client = new Client()
    for (const request of asked) {
      request.on('response', response => statuses.push(response.getStatus()))
      client.addRequest(request)
    }
    client.on('networkError', reject)
    client.on('associationRejected', reject)
    client.on('closed', () => resolve(statuses))
    client.send('127.0.0.1', port, 'DCMJS', aeTitle, options)
  })
}

const asksEverything = () => [
  new requests.CEchoRequest(),
  new requests.CStoreRequest(large.file),
  requests.CFindRequest.createStudyFindRequest({ PatientID: 'P1' }),
]

const answers = [
  Status.Success,
  Status.Success,
  ...studies.map(() => Status.Pending),
  Status.Success,
]

describe('dcmjs-dimse asks us', () => {
  it('for an echo, to store and to find, on one association', async () => {
    assert.deepEqual(await ask(node.port, asksEverything()), answers)
    const kept = node.kept.get(large.sopInstanceUid)
    assert.ok(kept && pixelsOf(kept.dataset).equals(pixelsOf(large.dataset)))
    await eventually(() => node.records.at(-1)?.outcome === 'released', 'the release', 10)
  })

  it('the same over TLS with a certificate', async () => {
    node.kept.clear()
    const tls = secured(certificates.peer, certificates.authoritiesFile)
    assert.deepEqual(await ask(node.tlsPort, asksEverything(), tls), answers)
    const kept = node.kept.get(large.sopInstanceUid)
    assert.ok(kept && pixelsOf(kept.dataset).equals(pixelsOf(large.dataset)))
    await eventually(() => node.records.at(-1)?.secure, 'the record', 10)
  })

  it('for many windows at once, and is given one', async () => {
    const asyncOps = { maxAsyncOpsInvoked: 8, maxAsyncOpsPerformed: 8 }
    const echoes = Array.from({ length: 20 }, () => new requests.CEchoRequest())
    const statuses = await ask(node.port, echoes, { asyncOps })
    assert.deepEqual(
      statuses,
      echoes.map(() => Status.Success),
    )
  })
})

/** Remembers what it is sent. */
class RememberingScp extends WillingScp {
  static readonly stored: { sopInstanceUid: string; pixels: Buffer }[] = []

  override cStoreRequest(
    request: InstanceType<typeof requests.CStoreRequest>,
    callback: (response: InstanceType<typeof responses.CStoreResponse>) => void,
  ): void {
    const dataset = request.getDataset()
    if (!dataset) throw new Error('a C-STORE without dataset')
    const [pixels] = dataset.getElement('PixelData') as unknown as [ArrayBuffer]
    RememberingScp.stored.push({
      sopInstanceUid: String(dataset.getElement('SOPInstanceUID')),
      pixels: Buffer.from(pixels),
    })
    const response = responses.CStoreResponse.fromRequest(request)
    response.setStatus(Status.Success)
    callback(response)
  }
}

/** Its server listens without telling when: a connection does. */
async function listening(port: number): Promise<void> {
  await eventually(
    () =>
      new Promise<boolean>(resolve => {
        const socket = connect(port, '127.0.0.1')
        socket.once('connect', () => resolve(true)).once('connect', () => socket.destroy())
        socket.once('error', () => resolve(false))
      }),
    'its server',
    10,
  )
}

async function withServer(options: object, run: (port: number) => Promise<void>): Promise<void> {
  const port = await freePort()
  RememberingScp.stored.length = 0
  const server = new Server(RememberingScp)
  server.on('networkError', () => {})
  server.listen(port, options)
  try {
    await listening(port)
    await run(port)
  } finally {
    server.close()
  }
}

function expectStored(): void {
  assert.deepEqual(
    RememberingScp.stored.map(each => each.sopInstanceUid),
    instances.map(each => each.sopInstanceUid),
  )
  assert.ok(RememberingScp.stored[1]!.pixels.equals(pixelsOf(large.dataset)))
}

describe('we ask dcmjs-dimse', () => {
  it('for an echo and to store', () =>
    withServer({}, async port => {
      const association = await call(port, { instances })
      assert.equal((await association.echo()).status, Status.Success)
      assert.deepEqual(await sendAll(association, instances), [Status.Success, Status.Success])
      assert.equal((await association.ended).outcome, 'released')
      expectStored()
    }))

  it('the same over TLS, where it wants a certificate', () =>
    withServer(secured(certificates.peer, certificates.authoritiesFile), async port => {
      const association = await call(port, {
        instances,
        tls: { ...certificates.waystation, authoritiesFile: certificates.authoritiesFile },
      })
      assert.equal((await association.echo()).status, Status.Success)
      assert.deepEqual(await sendAll(association, instances), [Status.Success, Status.Success])
      expectStored()
    }))
})
