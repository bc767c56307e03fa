import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from './json.ts'
import { withDoor } from './orthanc.contract.ts'

test('a lossy quality is a whole number from 1 to 100, wherever images may be converted', () =>
  withDoor(async door => {
    const { ID, ParentStudy } = await door.upload({})
    const archive = `/studies/${ParentStudy}/archive`
    for (const path of [`/instances/${ID}/file`, archive, `/studies/${ParentStudy}/media`]) {
      for (const [quality, status, error] of [
        ...([
          ['0', 400, 3],
          ['101', 400, 3],
          ['-1', 400, 3],
          ['x', 400, 5],
        ] as const),
        ...([
          ['1', 200, 0],
          ['100', 200, 0],
        ] as const),
      ] as const) {
        const answer = await door.get(`${path}?lossy-quality=${quality}`)
        assert.equal(answer.status, status, `${path} ${quality}`)
        if (status === 200) await answer.arrayBuffer()
        else assert.equal(((await answer.json()) as JsonObject).OrthancStatus, error)
      }
    }
    await door.ask('PUT', '/peers/far', '["http://127.0.0.1:1"]')
    for (const [path, more] of [
      [archive, {}],
      ['/tools/create-media', { Resources: [ID] }],
      ['/peers/far/store', { Resources: [ID] }],
    ] as const) {
      for (const [LossyQuality, error] of [
        [0, 3],
        [101, 3],
        ['90', 15],
        [1.5, 15],
      ] as const) {
        const answer = await door.ask('POST', path, JSON.stringify({ ...more, LossyQuality }))
        assert.equal(answer.status, 400)
        assert.equal(
          ((await answer.json()) as JsonObject).OrthancStatus,
          error,
          String(LossyQuality),
        )
      }
    }
  }))
