import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import { described } from './described.ts'
import type { JsonObject } from './json.ts'
import { notYetOperations } from './notYet.ts'
import { withDoor } from './orthanc.contract.ts'

async function operations(get: (path: string) => Promise<Response>) {
  const document = (await (await get('/api/openapi.json')).json()) as {
    paths: Record<string, Record<string, JsonObject>>
  }
  const all = Object.entries(document.paths).flatMap(([path, verbs]) =>
    Object.keys(verbs).map(verb => `${verb.toUpperCase()} ${path}`),
  )
  return { document, all }
}

test('the OpenAPI document is a valid one', () =>
  withDoor(async door => {
    const { document } = await operations(door.get)
    const found = await new Validator().validate(document as never)
    assert.deepEqual(found.errors ?? [], [])
    assert.equal(found.valid, true)
  }))

test('every route of this door is described, and what is described is served', () =>
  withDoor(async door => {
    const { all } = await operations(door.get)
    const here = all
    assert.ok(here.length > 150)
    assert.deepEqual(
      here.filter(each => !described.has(each)),
      [],
    )
    const served = new Set(here)
    assert.deepEqual(
      [...described.keys()].filter(each => !served.has(each) && !notYetOperations.has(each)),
      [],
    )
    assert.deepEqual(
      here.filter(each => notYetOperations.has(each)),
      [],
    )
  }))

test('what the document names answers otherwise than an unknown path does', () =>
  withDoor(async door => {
    const { all } = await operations(door.get)
    for (const each of all) {
      const [verb, path] = each.split(' ') as [string, string]
      const other = verb === 'PUT' ? 'POST' : 'PUT'
      if (all.includes(`${other} ${path}`) || notYetOperations.has(`${other} ${path}`)) continue
      if (path.startsWith('/api/')) continue
      const answer = await door.ask(other, path.replace(/\{\w+\}/g, 'x'))
      assert.equal(answer.status, 405, `${other} ${path}`)
      assert.ok(answer.headers.get('allow')!.split(',').includes(verb), each)
    }
  }))
