import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLog } from '../../log.ts'
import { explicitLittleEndian } from '../../standard/dicom/dicom.ts'
import { createAcceptor } from '../../standard/dimse/dimse.ts'
import type { JsonObject } from './json.ts'
import { withDoor } from './orthanc.contract.ts'

test('a job that sends tells the transaction of its storage commitment from the beginning', async () => {
  const arrived = Promise.withResolvers<void>()
  const answered = Promise.withResolvers<void>()
  const acceptor = createAcceptor({
    ...{ host: '127.0.0.1', port: 0, aeTitles: 'any', log: silentLog },
    services: {
      async store({ data }) {
        for await (const _ of data);
        arrived.resolve()
        await answered.promise
        return { status: 0 }
      },
    },
    offers: () => ({ transferSyntaxes: [explicitLittleEndian] }),
    onRecord: () => undefined,
  })
  const stop = new AbortController()
  const running = acceptor.run(stop.signal)
  const { port } = await acceptor.listening
  await withDoor(async door => {
    await door.ask('PUT', '/modalities/far', JSON.stringify(['FAR', '127.0.0.1', port!]))
    const { ID: instance } = await door.upload({})
    const begin = async (more: object) => {
      const body = { Resources: [instance], Asynchronous: true, ...more }
      return (await door.posted('/modalities/far/store', body)) as JsonObject
    }
    const { ID } = await begin({ StorageCommitment: true })
    await arrived.promise
    const job = (await door.told(`/jobs/${ID}`)) as { State: string; Content: JsonObject }
    assert.equal(job.State, 'Running')
    assert.match(String(job.Content.StorageCommitmentTransactionUID), /^2\.25\.\d+$/)
    const other = await begin({})
    const { Content } = (await door.told(`/jobs/${other.ID}`)) as { Content: JsonObject }
    assert.equal(Content.StorageCommitmentTransactionUID, undefined)
    answered.resolve()
  })
  stop.abort()
  await running
})
