import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import {
  collect,
  parcel,
} from '../../../appliance/duties/forward/destinations/destination.contract.ts'
import type { Parcel } from '../../../appliance/duties/forward/destinations/destination.ts'
import {
  destinationSettings,
  openDestination,
} from '../../../appliance/duties/forward/destinations/kinds.ts'
import { silentLog } from '../../../appliance/log.ts'

const megabyte = 1024 * 1024
const chunk = Buffer.alloc(megabyte, 'pixels')

/** A parcel of so many megabytes that are nowhere in memory, and how many of them were read. */
function large(megabytes: number): { parcel: Parcel; read(): number } {
  const small = parcel({ image: 1 })
  let read = 0
  const file = async function* () {
    for (let at = 0; at < megabytes; at++) {
      read++
      yield Buffer.from(chunk)
    }
  }
  const instance = { ...small.instance, bytes: megabytes * megabyte }
  return { parcel: { instance, file, dataset: file }, read: () => read }
}

test('an object of 300 MB is read no faster than it is taken, and is never whole in memory', async () => {
  const megabytes = 300
  const { parcel: object, read } = large(megabytes)
  let bytes = 0
  let ahead = 0
  const server = createServer(async (request, response) => {
    // A far side that dawdles: the difference is what lies between us, the kernel's share included.
    for await (const piece of request as AsyncIterable<Buffer>) {
      bytes += piece.length
      ahead = Math.max(ahead, read() * megabyte - bytes)
      if (bytes < 20 * megabyte) await new Promise(resolve => setImmediate(resolve))
    }
    response.end()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const destination = openDestination(
    destinationSettings.parse({
      ...{ name: 'cloud', kind: 'dicomweb', url: `http://127.0.0.1:${port}` },
    }),
    { aeTitle: 'WAYSTATION', log: silentLog },
  )
  const [receipt] = await collect(destination.deliver([object], new AbortController().signal))
  server.closeAllConnections()
  server.close()
  assert.equal(receipt?.outcome, 'accepted')
  assert.ok(bytes > megabytes * megabyte)
  assert.ok(ahead < 24 * megabyte, `${ahead} bytes were read and not yet taken`)
})
