import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseCommentedJson, readCommentedJson } from './commentedJson.ts'

const parse = (text: string, env = {}) => parseCommentedJson(text, env, 'it')

test('comments of both kinds are passed over, but not in strings', () => {
  const text = `{ // one
    /* two
       lines */ "a": "http://x/*not*/", "b\\"//": 1 /**/ }`
  assert.deepEqual(parse(text), { a: 'http://x/*not*/', 'b"//': 1 })
})

test('names are replaced anywhere, with plain and quoted defaults', () => {
  const text = `{ "a": "\${A}", "b": \${B:-2}, "c": "\${C:-"x y"}", "d": "\${D:-'z'}", "e": "\${E}" }`
  assert.deepEqual(parse(text, { A: '1', B: 'true' }), {
    ...{ a: '1', b: true, c: 'x y', d: 'z', e: '' },
  })
})

test('what is not one object is refused by name', () => {
  for (const text of ['', '[]', '{', '{"a":}', 'null', '{ "a": 1 /* }']) {
    assert.throws(() => parse(text), { code: 'settings-refused', detail: /^it / })
  }
})

test('a folder is its files together, and no key may stand in two of them', () => {
  const folder = mkdtempSync(join(tmpdir(), 'waystation-config-'))
  try {
    writeFileSync(join(folder, 'a.json'), '{ "a": 1 }')
    writeFileSync(join(folder, 'b.json'), '{ "b": 2 }')
    writeFileSync(join(folder, 'c.txt'), 'nothing')
    assert.deepEqual(readCommentedJson(folder, {}), { a: 1, b: 2 })
    writeFileSync(join(folder, 'd.json'), '{ "a": 3 }')
    assert.throws(() => readCommentedJson(folder, {}), { code: 'settings-refused' })
    assert.throws(() => readCommentedJson(join(folder, 'none'), {}), { code: 'settings-refused' })
  } finally {
    rmSync(folder, { recursive: true })
  }
})
