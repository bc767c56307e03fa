import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytesOf } from '../../host/http/http.ts'
import { boundaryOf, partsOf } from './multipart.ts'

async function* cut(bytes: Buffer, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

const body = Buffer.from(
  'preamble\r\n--b\r\nContent-Disposition: form-data; name="a"\r\n\r\none\r\n--\r\n--b \r\n\r\n\r\n--b--\r\nepilogue',
)

test('the parts of a form come out whole however the body is cut', async () => {
  for (let size = 1; size <= body.length; size++) {
    const parts: string[] = []
    for await (const part of partsOf(cut(body, size), 'b')) {
      parts.push((await bytesOf(part)).toString())
    }
    assert.deepEqual(parts, ['one\r\n--', ''])
  }
})

test('a part that nobody reads is passed over, a cut form is refused', async () => {
  let parts = 0
  for await (const _ of partsOf(cut(body, 7), 'b')) parts++
  assert.equal(parts, 2)
  for (let end = 0; end < body.indexOf('--b--') + 5; end++) {
    await assert.rejects(Array.fromAsync(partsOf(cut(body.subarray(0, end), 16), 'b')), {
      code: 'request-malformed',
    })
  }
})

test('a boundary is found quoted or plain, of forms only', () => {
  assert.equal(boundaryOf('multipart/form-data; boundary=x-1'), 'x-1')
  assert.equal(boundaryOf('Multipart/Form-Data; charset=utf-8; boundary="a b"'), 'a b')
  assert.equal(boundaryOf('application/dicom'), undefined)
  assert.equal(boundaryOf(undefined), undefined)
})
