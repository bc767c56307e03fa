import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import { filesOf } from './files.ts'

const folder = mkdtempSync(join(tmpdir(), 'waystation-files-'))
after(() => rmSync(folder, { recursive: true }))
const pages = join(folder, 'pages')
mkdirSync(join(pages, 'assets'), { recursive: true })
writeFileSync(join(pages, 'index.html'), '<p>hello</p>')
writeFileSync(join(pages, 'assets', 'main-1a2b.js'), 'let a = 1')
writeFileSync(join(pages, 'assets', 'main-1a2b.js.gz'), gzipSync('let a = 1'))
writeFileSync(join(pages, '.secret.txt'), 'secret')
writeFileSync(join(pages, 'no-type'), 'secret')
writeFileSync(join(folder, 'outside.txt'), 'secret')
mkdirSync(join(folder, 'pages-too'))
writeFileSync(join(folder, 'pages-too', 'outside.txt'), 'secret')
symlinkSync(join(folder, 'outside.txt'), join(pages, 'link.txt'))

const answer = filesOf(pages, {
  forever: path => path.startsWith('assets/'),
  headers: { 'Content-Security-Policy': "default-src 'self'" },
})
const ask = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  answer(path, new Request('http://box/', { method, headers }))

test('a file of the folder is served with its type, and must be asked about again each time', async () => {
  const page = (await ask('index.html'))!
  assert.equal(await page.text(), '<p>hello</p>')
  assert.equal(page.headers.get('content-type'), 'text/html; charset=utf-8')
  assert.equal(page.headers.get('cache-control'), 'no-cache')
  assert.equal(page.headers.get('content-security-policy'), "default-src 'self'")
  assert.equal(page.headers.get('x-content-type-options'), 'nosniff')
  const etag = page.headers.get('etag')!
  for (const known of [etag, `W/${etag}`, `"x", ${etag}`]) {
    const again = (await ask('index.html', { 'If-None-Match': known }))!
    assert.equal(again.status, 304)
    assert.equal(await again.text(), '')
  }
  assert.equal((await ask('index.html', { 'If-None-Match': '"x"' }))!.status, 200)
  writeFileSync(join(pages, 'index.html'), '<p>other</p>')
  assert.equal((await ask('index.html', { 'If-None-Match': etag }))!.status, 200)
})

test('what is named for its content is kept for good', async () => {
  const asset = (await ask('assets/main-1a2b.js'))!
  assert.match(asset.headers.get('cache-control')!, /immutable/)
  assert.equal(await asset.text(), 'let a = 1')
})

test('a caller that takes it gets the compressed twin, under a tag of its own', async () => {
  const plain = (await ask('assets/main-1a2b.js', { 'Accept-Encoding': 'gzip;q=0, br' }))!
  assert.equal(plain.headers.get('content-encoding'), null)
  const small = (await ask('assets/main-1a2b.js', { 'Accept-Encoding': 'deflate, gzip;q=0.5' }))!
  assert.equal(small.headers.get('content-encoding'), 'gzip')
  assert.equal(small.headers.get('vary'), 'Accept-Encoding')
  assert.notEqual(small.headers.get('etag'), plain.headers.get('etag'))
  assert.equal(gunzipSync(Buffer.from(await small.arrayBuffer())).toString(), 'let a = 1')
})

test('HEAD answers the length and no body', async () => {
  const page = (await ask('index.html', {}, 'HEAD'))!
  assert.equal(page.headers.get('content-length'), '12')
  assert.equal(await page.text(), '')
})

test('nothing outside the folder is served, nor what is hidden or of no known type', async () => {
  const refused = [
    '../outside.txt',
    '..%2foutside.txt',
    '%2e%2e/outside.txt',
    '%2e%2e%2foutside.txt',
    'assets/../../outside.txt',
    'assets/..%5c..%5coutside.txt',
    '..\\outside.txt',
    '../pages-too/outside.txt',
    '/etc/passwd',
    '%2fetc%2fpasswd',
    '//etc/passwd',
    'index.html%00',
    'index.html%00.txt',
    '%',
    '',
    'assets',
    'assets/',
    'assets//main-1a2b.js',
    './index.html',
    '.secret.txt',
    'link.txt',
    'no-type',
    'absent.html',
  ]
  for (const path of refused) assert.equal(await ask(path), undefined, path)
})
