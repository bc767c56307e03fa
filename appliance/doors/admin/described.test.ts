import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import { openApiOf, type Schema, templateOf } from '../../host/http/http.ts'
import { adminRoutes } from './admin.ts'
import { described } from './described.ts'

/** Routes are only looked at here, never asked. */
const nothing: unknown = new Proxy(() => nothing, { get: () => nothing })
const { routes } = adminRoutes(nothing as never)
const served = routes
  .filter(({ method }) => method !== 'ALL')
  .map(({ method, path }) => `${method} ${templateOf(path)}`)

test('every route of this door is described, and nothing else', () => {
  assert.ok(served.length > 30)
  assert.deepEqual([...described.keys()].sort(), [...new Set(served)].sort())
})

test('what the document says of bodies and arguments is what is checked', async () => {
  const document = openApiOf({
    ...{ title: 'x', version: '1', routes },
    describe: ({ method, path }) => described.get(`${method} ${path}`),
    refusal: () => ({ type: 'application/json', schema: {} }),
  })
  const found = await new Validator().validate(structuredClone(document) as never)
  assert.deepEqual(found.errors ?? [], [])
  const { schema } = described.get('POST /api/rules/trial')!.body!
  assert.equal(schema.additionalProperties, false)
  assert.deepEqual((schema.properties as Record<string, Schema>).days, {
    ...{ type: 'number', exclusiveMinimum: 0, maximum: 36_500 },
  })
  const kinds = described.get('POST /api/destinations')!.body!.schema.oneOf as Schema[]
  assert.deepEqual(
    kinds.map(each => ((each.properties as Record<string, Schema>).kind as Schema).const).sort(),
    ['dicomweb', 'dimse', 'orthanc'],
  )
  for (const each of kinds) assert.ok((each.required as string[]).includes('name'))
  const { query } = described.get('GET /api/deliveries')!
  assert.deepEqual((query!.priority as Schema).enum, ['stat', 'normal', 'off-peak'])
})
