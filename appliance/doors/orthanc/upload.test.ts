import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateRawSync } from 'node:zlib'
import type { JsonObject } from './json.ts'
import { fileOf, withDoor } from './orthanc.contract.ts'

const one = fileOf({})
const other = fileOf({ SOPInstanceUID: '1.2.3.5' })

function form(...parts: Uint8Array[]): Buffer {
  const lines = parts.flatMap((part, index) => [
    Buffer.from(
      `--edge\r\nContent-Disposition: form-data; name="f${index}"; filename="../x"\r\n\r\n`,
    ),
    part,
    Buffer.from('\r\n'),
  ])
  return Buffer.concat([...lines, Buffer.from('--edge--\r\n')])
}
const asForm = { 'Content-Type': 'multipart/form-data; boundary=edge' }

function zipOf(...members: [name: string, content: Uint8Array][]): Buffer {
  return Buffer.concat(
    members.flatMap(([name, content]) => {
      const packed = deflateRawSync(content)
      const head = Buffer.alloc(30)
      head.writeUInt32LE(0x04034b50, 0)
      head.writeUInt16LE(8, 8)
      head.writeUInt32LE(packed.length, 18)
      head.writeUInt16LE(name.length, 26)
      return [head, Buffer.from(name), packed]
    }),
  )
}

test('several files of a browser’s form are kept, a ZIP among them, and answered without words', () =>
  withDoor(async door => {
    const third = fileOf({ SOPInstanceUID: '1.2.3.6' })
    const body = form(one, zipOf(['a/b', other], ['c', third]))
    const answer = await door.ask('POST', '/instances', body, asForm)
    assert.equal(answer.status, 200)
    assert.equal(await answer.text(), '')
    assert.equal(((await door.told('/instances')) as string[]).length, 3)
  }))

test('a form with a part that is no DICOM, or that is cut, is refused', () =>
  withDoor(async door => {
    const bodies = [form(Buffer.from('1')), form(one).subarray(0, 300), Buffer.from('no form')]
    for (const body of bodies) {
      const answer = await door.ask('POST', '/instances', body, asForm)
      assert.equal(answer.status, 400)
      assert.equal(((await answer.json()) as JsonObject).OrthancStatus, 15)
    }
    assert.deepEqual(await door.told('/instances'), [])
  }))

test('a ZIP with a name that leads out, with too large a file, or cut, leaves nothing behind', () =>
  withDoor(
    async door => {
      const long = fileOf({ ImageComments: 'x'.repeat(4000) })
      const refused: [Buffer, number, number][] = [
        [zipOf(['../../evil.dcm', one]), 400, 15],
        [zipOf(['/evil.dcm', one]), 400, 15],
        [zipOf(['long', long]), 413, 8],
        [zipOf(['one', one]).subarray(0, 200), 400, 15],
      ]
      for (const [body, http, status] of refused) {
        const answer = await door.ask('POST', '/instances', body)
        const error = (await answer.json()) as JsonObject
        assert.deepEqual([answer.status, error.OrthancStatus], [http, status])
        assert.deepEqual([error.Method, error.Uri], ['POST', '/instances'])
      }
      assert.deepEqual(await door.told('/instances'), [])
      assert.deepEqual(await door.told('/statistics'), {
        ...{ CountInstances: 0, CountPatients: 0, CountSeries: 0, CountStudies: 0 },
        ...{ TotalDiskSize: '0', TotalDiskSizeMB: 0 },
        ...{ TotalUncompressedSize: '0', TotalUncompressedSizeMB: 0 },
      })
    },
    { settings: { archivedFileBytes: 2000 } },
  ))

test('members of a ZIP that are no DICOM are passed over, the others told of', () =>
  withDoor(async door => {
    const answer = await door.ask(
      'POST',
      '/instances',
      zipOf(['readme', Buffer.from('hello')], ['one', one]),
    )
    const told = (await answer.json()) as JsonObject[]
    assert.deepEqual(
      told.map(({ Status }) => Status),
      ['Success'],
    )
  }))
