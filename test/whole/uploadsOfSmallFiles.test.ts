import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { deflateRawSync } from 'node:zlib'
import { type Box, startBox, temporaryFolder } from './box.ts'

const members = 12_000
const folder = temporaryFolder()
const megabyte = 1024 * 1024
/** Of one inflater for each member, as once was, 57 MB were left behind. */
const growsAtMost = 35 * megabyte

let box: Box

const anonymous = () =>
  Number(/RssAnon:\s+(\d+) kB/.exec(readFileSync(`/proc/${box.pid}/status`, 'utf8'))![1]) * 1024

before(async () => {
  box = await startBox({ data: `${folder.path}/data` })
})

after(async () => {
  await box?.stop()
  folder.remove()
})

/** A member of a ZIP file: APPNOTE.TXT §4.3.7. */
function memberOf(content: Uint8Array): Buffer {
  const packed = deflateRawSync(content)
  const head = Buffer.alloc(31, 'x')
  head.writeUInt32LE(0x04034b50, 0)
  head.fill(0, 4, 30)
  head.writeUInt16LE(8, 8)
  head.writeUInt32LE(packed.length, 18)
  head.writeUInt16LE(1, 26)
  return Buffer.concat([head, packed])
}

/** A ZIP of files that are no DICOM, so that nothing of them is kept, neither on disk nor in memory. */
async function upload(count: number): Promise<void> {
  const member = memberOf(Buffer.alloc(2000, 'no DICOM'))
  const answer = await fetch(`${box.url}/instances`, {
    method: 'POST',
    body: Buffer.concat(Array.from({ length: count }, () => member)),
  })
  assert.deepEqual([answer.status, await answer.json()], [200, []])
}

test('a ZIP of many small files leaves no memory behind', async () => {
  // The first one warms up: code is compiled, buffers have their places.
  await upload(2000)
  const begun = anonymous()
  await upload(members)
  const grown = (anonymous() - begun) / megabyte
  assert.ok(grown * megabyte < growsAtMost, `${grown} MB more than at first`)
})
