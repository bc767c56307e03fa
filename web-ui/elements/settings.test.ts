import assert from 'node:assert/strict'
import { test } from 'node:test'
import { described } from '../../appliance/doors/admin/described.ts'
import type { Schema } from '../api/schema.ts'
import {
  amountOf,
  amountText,
  fieldKind,
  labelOf,
  pairsOf,
  pairsText,
  problemsAt,
  problemsElsewhere,
  variantOf,
  withField,
} from './settings.ts'

const schemaOf = (operation: string) => described.get(operation)!.body!.schema as Schema

function* fieldsOf(schema: Schema): Generator<[string, Schema]> {
  for (const each of schema.oneOf ?? []) yield* fieldsOf(each)
  for (const [key, field] of Object.entries(schema.properties ?? {})) {
    yield [key, field]
    yield* fieldsOf(field)
    if (field.items) yield* fieldsOf(field.items)
  }
}

test('every setting of every kind of destination and of the link has a field and a name', () => {
  const fields = ['POST /api/destinations', 'PUT /api/link'].flatMap(each => [
    ...fieldsOf(schemaOf(each)),
  ])
  assert.ok(fields.length > 60)
  const kinds = new Map(fields.map(([key, schema]) => [key, fieldKind(key, schema)]))
  assert.equal(kinds.get('password'), 'secret')
  assert.equal(kinds.get('clientSecret'), 'secret')
  assert.equal(kinds.get('token'), 'secret')
  assert.equal(kinds.get('tokenUrl'), 'text')
  assert.equal(kinds.get('port'), 'number')
  assert.equal(kinds.get('tls'), 'group')
  assert.equal(kinds.get('headers'), 'pairs')
  assert.equal(kinds.get('credentials'), 'variants')
  assert.equal(kinds.get('day'), 'amount')
  assert.equal(kinds.get('offPeak'), 'lines')
  for (const [key] of fields) assert.match(labelOf(key), /^[A-Z]/)
})

test('the kinds of destination are told apart by the name of their kind', () => {
  const variants = schemaOf('POST /api/destinations').oneOf!
  assert.deepEqual(variants.map(variantOf), ['dimse', 'dicomweb', 'orthanc'])
})

test('a problem is shown at its field, and one of no field still is shown', () => {
  const problems = [
    { path: 'port', message: 'too big' },
    { path: 'tls.keyFile', message: 'not there' },
    { path: 'portal', message: 'unknown' },
    { path: '', message: 'does not stand' },
  ]
  assert.deepEqual(problemsAt(problems, 'port'), ['too big'])
  assert.deepEqual(problemsAt(problems, 'tls'), [])
  assert.deepEqual(problemsAt(problems, 'tls', true), ['not there'])
  const schema = { properties: { port: {}, tls: {} } }
  assert.deepEqual(problemsElsewhere(problems, schema), ['portal: unknown', 'does not stand'])
})

test('an emptied field is not given, so that its default holds', () => {
  assert.deepEqual(withField({ port: 104, aet: 'A' }, 'port', undefined), { aet: 'A' })
})

test('sizes and pairs are shown as they are entered', () => {
  const size = { anyOf: [{ type: 'integer' }, { type: 'string' }] } as const
  assert.equal(amountText(500_000_000, size), '500 MB')
  assert.equal(amountText(1234, size), '1234')
  assert.equal(amountText(null, {}), 'none')
  assert.equal(amountOf('500 MB'), '500 MB')
  assert.equal(amountOf(' 384 '), 384)
  assert.equal(amountOf('none'), null)
  assert.equal(amountOf(''), undefined)
  const pairs = { 'X-Key': 'a: b', Empty: '' }
  assert.deepEqual(pairsOf(pairsText(pairs)), pairs)
})
