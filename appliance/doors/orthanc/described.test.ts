import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Schema } from '../../host/http/http.ts'
import { described } from './described.ts'
import type { JsonObject } from './json.ts'
import { notYetOperations } from './notYet.ts'
import { type DoorUnderTest, type Uploaded, withDoor } from './orthanc.contract.ts'

/** Every field of every JSON body: its name, its schema, and what must stand beside it. */
function* fieldsOfBodies() {
  for (const [operation, { body }] of described) {
    if (body?.type !== 'application/json' || notYetOperations.has(operation)) continue
    const choices = [body.schema, ...((body.schema.oneOf ?? []) as Schema[])]
    const schema = choices.find(each => each.properties)
    const properties = Object.entries((schema?.properties ?? {}) as Record<string, Schema>)
    const required = (schema?.required ?? []) as string[]
    for (const [name, each] of properties) {
      const beside = Object.fromEntries(
        properties
          .filter(([other]) => required.includes(other))
          .map(([other, it]) => [other, good(it, other)]),
      )
      yield { operation, name, schema: each, beside }
    }
  }
}

/** Something that the schema takes. */
function good(schema: Schema, name: string): unknown {
  if (name === 'Level') return 'Study'
  if (name === 'Url') return 'http://127.0.0.1:1'
  if (schema.type === 'array') return []
  if (schema.type === 'object') return {}
  if (schema.type === 'string') return 'A'
  return 1
}

/** Something that it does not take; undefined when it takes anything. */
function bad(schema: Schema): unknown {
  if (schema.type === 'object') return 'x'
  return schema.type === undefined && !schema.enum ? undefined : { wrong: true }
}

async function answerTo(door: DoorUnderTest, one: Uploaded, operation: string, body: JsonObject) {
  const [verb, path] = operation.split(' ') as [string, string]
  const id = path.startsWith('/instances')
    ? one.ID
    : path.startsWith('/series')
      ? one.ParentSeries
      : path.startsWith('/studies')
        ? one.ParentStudy
        : path.startsWith('/patients')
          ? one.ParentPatient
          : 'far'
  return door.ask(verb, path.replace('{id}', id), JSON.stringify(body))
}

/** Fields that Orthanc does not look at in all cases, as seen at Debian's. */
const unminded = /POST \/queries|(UserData|Nonsense)$/

test('what the document says of the fields of a body is insisted upon', () =>
  withDoor(async door => {
    const one = await door.upload({})
    await door.ask('PUT', '/modalities/far', '["FAR","127.0.0.1",1]')
    await door.ask('PUT', '/peers/far', '["http://127.0.0.1:1"]')
    const taken: string[] = []
    let asked = 0
    for (const { operation, name, schema, beside } of fieldsOfBodies()) {
      const wrong = bad(schema)
      if (wrong === undefined || unminded.test(`${operation} ${name}`)) continue
      asked++
      const body = { ...beside, [name]: wrong } as JsonObject
      const answer = await answerTo(door, one, operation, body)
      const text = await answer.text()
      if (answer.status < 400 || answer.status > 499) {
        taken.push(`${operation} ${name}: ${answer.status} ${text.slice(0, 60)}`)
      }
    }
    assert.ok(asked > 100)
    assert.deepEqual(taken, [])
  }))
