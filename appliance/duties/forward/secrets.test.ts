import assert from 'node:assert/strict'
import { test } from 'node:test'
import { emptyMasks, masked, unmasked } from './secrets.ts'

const kept = {
  url: 'https://pacs.example/dicom-web',
  credentials: { kind: 'basic', user: 'u', password: 'p' },
  tls: { keyFile: 'k' },
  headers: { 'X-Api-Key': 'gateway', Accept: '' },
  proxy: 'http://user:p@ss@proxy:3128/',
}

test('passwords, values of headers and the password of a proxy are not shown', () => {
  assert.deepEqual(masked(kept), {
    url: 'https://pacs.example/dicom-web',
    credentials: { kind: 'basic', user: 'u', password: '********' },
    tls: { keyFile: 'k' },
    headers: { 'X-Api-Key': '********', Accept: '' },
    proxy: 'http://user:********@proxy:3128/',
  })
  for (const given of [
    { kind: 'bearer', token: 't' },
    { kind: 'oauth2', clientId: 'c', clientSecret: 't', tokenUrl: 'https://u:t@login/' },
  ])
    assert.ok(!/"t"|:t@/.test(JSON.stringify(masked({ credentials: given }))))
})

test('a mask that is given back stands for what is kept, also beside what is changed', () => {
  assert.deepEqual(unmasked(masked(kept), kept), kept)
  const elsewhere = { ...(masked(kept) as object), proxy: 'http://user:********@other:80' }
  assert.deepEqual(unmasked(elsewhere, kept), { ...kept, proxy: 'http://user:p@ss@other:80' })
  const anew = { credentials: { password: 'q' }, headers: { 'X-Api-Key': 'r' } }
  assert.deepEqual(unmasked(anew, kept), anew)
})

test('a mask that stands for nothing is told of, and never kept as if it were the secret', () => {
  const given = unmasked(
    {
      credentials: { token: '********' },
      headers: { 'X-Other': '********', constructor: '********' },
      proxy: 'http://u:********@p',
    },
    { credentials: { password: 'p' } },
  )
  assert.deepEqual(
    emptyMasks(given).map(each => each.path),
    ['credentials.token', 'headers.X-Other', 'headers.constructor', 'proxy'],
  )
  assert.deepEqual(emptyMasks(kept), [])
})
