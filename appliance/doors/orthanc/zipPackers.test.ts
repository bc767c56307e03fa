import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gunzipSync, inflateRawSync } from 'node:zlib'
import { createPackers } from './zipPackers.ts'

async function* chunked(text: string) {
  for (let at = 0; at < text.length; at += 1000) yield Buffer.from(text.slice(at, at + 1000))
}

const gathered = async (chunks: AsyncIterable<Uint8Array>) =>
  Buffer.concat(await Array.fromAsync(chunks))

test('what is packed again and again is each time one whole stream, also after one left unread', async () => {
  for (const [wrapping, unpacked] of [
    ['raw', inflateRawSync],
    ['gzip', gunzipSync],
  ] as const) {
    const packers = createPackers(wrapping)
    for (let time = 0; time < 5; time++) {
      const text = `${time}-`.repeat(50_000)
      const packed = await gathered(packers.deflated(chunked(text), 1))
      assert.equal(unpacked(packed).toString(), text)
      for await (const _ of packers.deflated(chunked(text), 1)) break
    }
    packers.close()
  }
})

test('what fails while it is read fails the packing, and the next one is whole', async () => {
  const packers = createPackers('gzip')
  async function* failing() {
    yield Buffer.from('begun')
    throw new Error('the disk')
  }
  await assert.rejects(gathered(packers.deflated(failing(), 1)), /the disk/)
  const packed = await gathered(packers.deflated(chunked('well'), 1))
  assert.equal(gunzipSync(packed).toString(), 'well')
  packers.close()
})
