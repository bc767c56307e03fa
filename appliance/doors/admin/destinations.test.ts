import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Hono } from 'hono'
import { makeCertificates } from '../../../test/peers/certificates.ts'
import { relay } from '../../../test/peers/relay.ts'
import { problemOf } from '../../host/http/http.ts'
import { destinationRoutes } from './destinations.ts'

const secrets = ['s3cret-pass', 's3cret-key', 's3cret-proxy', 's3cret-new', 's3cret-tök']

const pacs = {
  name: 'pacs',
  kind: 'dicomweb',
  url: 'https://pacs.example/dicom-web',
  credentials: { kind: 'basic', user: 'box', password: 's3cret-pass' },
  headers: { 'X-Api-Key': 's3cret-key' },
  proxy: 'http://box:s3cret-proxy@proxy:3128',
}

test('secrets of a destination never leave over HTTP, and what is shown can be given back', async () => {
  const box = await relay({ rules: [] })
  const app = new Hono().route('/', destinationRoutes({ forward: box.forward })).onError(problemOf)
  async function ask(method: string, path: string, body?: unknown) {
    const init = body === undefined ? { method } : { method, body: JSON.stringify(body) }
    const answer = await app.request(`/api/destinations${path}`, init)
    const text = await answer.text()
    for (const secret of secrets) assert.ok(!text.includes(secret), `${method} ${path}: ${secret}`)
    return { status: answer.status, body: JSON.parse(text) }
  }
  assert.equal((await ask('POST', '', pacs)).status, 201)
  assert.equal((await ask('POST', '', pacs)).status, 400)
  await ask('GET', '')
  const { settings } = (await ask('GET', '/pacs')).body
  assert.deepEqual(settings.credentials, { kind: 'basic', user: 'box', password: '********' })
  const kept = box.opened.get('pacs')
  assert.equal((await ask('PUT', '/pacs', settings)).status, 200)
  assert.deepEqual(box.opened.get('pacs'), kept)

  const moved = { ...settings, parallel: 2, headers: { 'X-Api-Key': 's3cret-new' } }
  assert.equal((await ask('PUT', '/pacs', moved)).status, 200)
  assert.deepEqual(box.opened.get('pacs'), {
    ...(kept as object),
    parallel: 2,
    headers: { 'X-Api-Key': 's3cret-new' },
  })

  const wrong = { ...settings, credentials: { kind: 'bearer', token: 's3cret-tök' } }
  assert.equal((await ask('PUT', '/pacs', wrong)).status, 400)
  const empty = { ...settings, credentials: { kind: 'bearer', token: '********' } }
  const refused = await ask('PUT', '/pacs', empty)
  assert.equal(refused.status, 400)
  assert.ok(
    refused.body.problems.some((each: { path: string }) => each.path === 'credentials.token'),
  )
  assert.equal((await ask('POST', '', { ...settings, name: 'other' })).status, 400)
  await box.stop()
})

test('secrets of a destination in the configuration file are masked as well', async () => {
  const box = await relay({ rules: [], given: [pacs] })
  const app = destinationRoutes({ forward: box.forward })
  const text = await (await app.request('/api/destinations')).text()
  assert.ok(text.includes('********'))
  for (const secret of secrets) assert.ok(!text.includes(secret), secret)
  await box.stop()
})

test('a certificate that ends within a month is shown with its destination', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'waystation-ending-'))
  after(() => rmSync(folder, { recursive: true }))
  const { waystation } = await makeCertificates(folder)
  const box = await relay({ rules: [] })
  box.time.setClock(Date.now())
  const app = destinationRoutes({ forward: box.forward })
  const tls = { certificateFile: waystation.certificateFile, keyFile: waystation.keyFile }
  const body = JSON.stringify({ ...pacs, tls })
  assert.equal((await app.request('/api/destinations', { method: 'POST', body })).status, 201)
  const answer = await app.request('/api/destinations/pacs')
  const shown = (await answer.json()) as Record<string, unknown>
  assert.deepEqual(shown.certificatesEnding, [{ file: tls.certificateFile, days: 1 }])
  assert.equal(shown.peerCertificateEnds, undefined)
  box.around.get('pacs')?.onCertificate?.(Date.parse('2026-12-24T00:00:00Z'))
  const later = (await (await app.request('/api/destinations/pacs')).json()) as typeof shown
  assert.equal(later.peerCertificateEnds, '2026-12-24T00:00:00.000Z', 'its own, once it is known')
  await box.stop()
})
