import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Json, styled } from './json.ts'
import { withDoor } from './orthanc.contract.ts'

test('the tags of all instances of a study are printed as one object, sorted by identifier', () =>
  withDoor(async door => {
    const ids: string[] = []
    for (let i = 0; i < 20; i++) {
      const uids = { SOPInstanceUID: `1.2.3.4.${i}`, SeriesInstanceUID: `1.2.3.3.${i % 3}` }
      const { ID, ParentStudy } = await door.upload({ ...uids, PatientComments: 'é"' })
      ids.push(ID)
      const expected: Record<string, Json> = {}
      for (const each of ids) expected[each] = await door.told(`/instances/${each}/tags?short`)
      const answer = await door.get(`/studies/${ParentStudy}/instances-tags?short`)
      assert.equal(answer.headers.get('content-type'), 'application/json; charset=utf-8')
      assert.equal(await answer.text(), styled(expected))
    }
  }))

test('the tags of many instances are told as they are read, without what vanishes meanwhile', () =>
  withDoor(async door => {
    const ids: string[] = []
    // Each some 4 KB of text: more than is told at once.
    for (let i = 0; i < 400; i++) {
      const long = { ImageComments: 'x'.repeat(4000), SOPInstanceUID: `1.2.3.4.${i}` }
      ids.push((await door.upload(long)).ID)
    }
    ids.sort()
    const [study] = (await door.told('/studies')) as string[]
    const query = 'simplify&ignore-length=ImageComments'
    const answer = await door.get(`/studies/${study}/instances-tags?${query}`)
    const chunks = answer.body![Symbol.asyncIterator]()
    let text = Buffer.from((await chunks.next()).value!).toString()
    assert.ok(text.length < 700_000, `${text.length} characters at once`)
    assert.equal((await door.ask('DELETE', `/instances/${ids.at(-1)}`)).status, 200)
    for await (const chunk of { [Symbol.asyncIterator]: () => chunks }) {
      assert.ok(chunk.length < 100_000, `${chunk.length} bytes in one piece`)
      text += Buffer.from(chunk).toString()
    }
    const told = JSON.parse(text) as Record<string, { ImageComments: string }>
    assert.deepEqual(Object.keys(told), ids.slice(0, -1))
    for (const { ImageComments } of Object.values(told)) assert.equal(ImageComments.length, 4000)
  }))
