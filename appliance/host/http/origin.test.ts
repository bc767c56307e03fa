import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFromAnotherSite } from './origin.ts'

const box = 'http://box:8042'
function asked(
  method: string,
  path: string,
  headers: Record<string, string>,
  trusted: string[] = [],
) {
  const request = new Request(box + path, { method, headers: { host: 'box:8042', ...headers } })
  return isFromAnotherSite(request, trusted)
}

test('a script, which says nothing of where it comes from, may change what it likes', () => {
  for (const method of ['POST', 'PUT', 'DELETE']) assert.equal(asked(method, '/x', {}), false)
})

test('a page of the box may change what it likes, also behind a proxy that renames the host', () => {
  assert.equal(asked('POST', '/x', { origin: box }), false)
  const behind = { origin: 'https://pacs.example', 'sec-fetch-site': 'same-origin' }
  assert.equal(asked('POST', '/x', behind), false)
})

test('a page of another site may change nothing, whatever way it asks', () => {
  assert.equal(asked('POST', '/x', { origin: 'http://elsewhere' }), true)
  assert.equal(asked('DELETE', '/x', { origin: 'http://box:8043' }), true)
  assert.equal(asked('POST', '/x', { origin: 'null' }), true)
  assert.equal(asked('POST', '/x', { 'sec-fetch-site': 'cross-site' }), true)
  assert.equal(asked('GET', '/x?a=1&_method=DELETE', { 'sec-fetch-site': 'cross-site' }), true)
})

test('a page of another site may follow a link here, and a site that is trusted may do more', () => {
  assert.equal(asked('GET', '/x', { 'sec-fetch-site': 'cross-site' }), false)
  const viewer = { origin: 'https://viewer.example', 'sec-fetch-site': 'cross-site' }
  assert.equal(asked('POST', '/x', viewer, ['https://viewer.example']), false)
})
