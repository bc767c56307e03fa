import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { z } from 'zod'
import { Fault } from '../../faults.ts'
import { loadSettings, type Option, readOptions } from './config.ts'

const folder = mkdtempSync(join(tmpdir(), 'waystation-config-'))
after(() => rmSync(folder, { recursive: true }))

const schema = z.strictObject({
  dicom: z
    .strictObject({
      aet: z.string().max(16).default('WAYSTATION'),
      port: z.number().default(11112),
    })
    .prefault({}),
  users: z.array(z.strictObject({ name: z.string(), password: z.string() })).default([]),
})

function fileWith(text: string): string {
  const file = join(folder, `${process.hrtime.bigint()}.json`)
  writeFileSync(file, text)
  return file
}

function refusal(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    assert.ok(error instanceof Fault)
    assert.equal(error.code, 'settings-refused')
    return error.detail
  }
  throw new assert.AssertionError({ message: 'nothing was refused' })
}

test('without a file every setting has its default', () => {
  assert.deepEqual(loadSettings(schema, { env: {} }), {
    dicom: { aet: 'WAYSTATION', port: 11112 },
    users: [],
  })
})

test('environment variables stand in for secrets, with and without a default', () => {
  const file = fileWith('{"users":[{"name":"${WHO:-eve}","password":"p${EVE_PASSWORD}"}]}')
  const settings = loadSettings(schema, { file, env: { EVE_PASSWORD: 'x' } })
  assert.deepEqual(settings.users, [{ name: 'eve', password: 'px' }])
})

test('every problem of a file is reported at once, by the name of its setting', () => {
  const file = fileWith(
    '{"dicom":{"prot":1,"aet":"A NAME THAT IS TOO LONG"},"colour":"red","users":[{"name":"${NOBODY}"}]}',
  )
  const detail = refusal(() => loadSettings(schema, { file, env: {} }))
  for (const part of [
    'dicom.prot: there is no such setting',
    'colour: there is no such setting',
    'dicom.aet:',
    'users[0].password:',
    'NOBODY is not set',
  ]) {
    assert.ok(detail.includes(part), `${part} in ${detail}`)
  }
})

test('a file that is missing, not JSON or not an object is refused in a sentence', () => {
  assert.match(
    refusal(() => loadSettings(schema, { file: join(folder, 'none.json'), env: {} })),
    /cannot be read/,
  )
  assert.match(
    refusal(() => loadSettings(schema, { file: fileWith('{"dicom":'), env: {} })),
    /is not JSON/,
  )
  assert.match(
    refusal(() => loadSettings(schema, { file: fileWith('[]'), env: {} })),
    /one JSON object/,
  )
})

const options: Record<string, Option> = {
  data: { help: 'where everything is kept' },
  'http-port': { help: 'HTTP port', number: true },
}

test('an option on the command line wins over its environment twin', () => {
  const env = { WAYSTATION_HTTP_PORT: '1', WAYSTATION_DATA: '/d' }
  assert.deepEqual(readOptions(options, ['--http-port', '2'], env), { data: '/d', 'http-port': 2 })
  assert.deepEqual(readOptions(options, ['--http-port=0'], {}), { 'http-port': 0 })
})

test('unknown options, missing values and words that are no numbers are refused together', () => {
  const detail = refusal(() =>
    readOptions(options, ['--http-prot', '1', '--http-port=x', 'serve', '--data'], {}),
  )
  assert.match(detail, /--http-prot is not an option/)
  assert.match(detail, /--http-port wants a number, not "x"/)
  assert.match(detail, /"serve" is not an option/)
  assert.match(detail, /--data wants a value/)
})

test('options are laid over the file', () => {
  const file = fileWith('{"dicom":{"aet":"BOX","port":104}}')
  const settings = loadSettings(schema, {
    file,
    env: {},
    over: [{ at: ['dicom', 'port'], value: 0 }],
  })
  assert.deepEqual(settings.dicom, { aet: 'BOX', port: 0 })
})
