import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { pageRoutes } from './pages.ts'

const folder = mkdtempSync(join(tmpdir(), 'waystation-pages-'))
after(() => rmSync(folder, { recursive: true }))

test('where the pages were not built the box says how to build them, and shows them once they are', async () => {
  const pages = join(folder, 'dist')
  const app = pageRoutes({ pages })
  const before = await app.request('/ui/')
  assert.equal(before.status, 503)
  assert.match(await before.text(), /npm run build/)
  mkdirSync(join(pages, 'assets'), { recursive: true })
  writeFileSync(join(pages, 'index.html'), 'built')
  writeFileSync(join(pages, 'assets', 'a.js'), '1')
  assert.equal(await (await app.request('/ui/')).text(), 'built')
  assert.equal(await (await app.request('/ui/index.html?x=1')).text(), 'built')
  const asset = await app.request('/ui/assets/a.js')
  assert.match(asset.headers.get('cache-control')!, /immutable/)
})

test('every answer below /ui/ lets a browser run and ask only what is this box’s own', async () => {
  const app = pageRoutes({ pages: join(folder, 'dist') })
  for (const path of ['/ui/', '/ui/nothing', '/ui/assets/a.js', '/ui/%2e%2e%2fx.txt']) {
    const policy = (await app.request(path)).headers.get('content-security-policy')!
    assert.match(policy, /default-src 'none'; script-src 'self'; style-src 'self'/)
    assert.doesNotMatch(policy, /unsafe|\*|http/)
  }
})

test('/ui leads to /ui/, what is not there is 404, and nothing can be written', async () => {
  const app = pageRoutes({ pages: join(folder, 'dist') })
  assert.equal((await app.request('/ui')).headers.get('location'), 'ui/')
  assert.equal((await app.request('/ui/nothing')).status, 404)
  assert.equal((await app.request('/ui/', { method: 'PUT', body: 'x' })).status, 405)
})
