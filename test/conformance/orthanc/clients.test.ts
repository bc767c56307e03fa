import assert from 'node:assert/strict'
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { accepting, end, freePort, run, start } from '../../peers/programs.ts'
import { writeCt } from '../../samples/synthetic.ts'
import { startBox, temporaryFolder } from '../../whole/box.ts'

test('a script with Python’s requests uploads a folder, finds, downloads and sends', async () => {
  const folder = temporaryFolder()
  const [images, pacs] = [join(folder.path, 'images'), join(folder.path, 'pacs')]
  for (const each of [images, pacs]) mkdirSync(each)
  for (const instance of [1, 2, 3]) {
    writeCt(images, { uidRoot: '1.2.826.0.1.3680043.10.51', study: 1, instance }, 64)
  }
  const port = await freePort()
  const storescp = start('storescp', ['-od', pacs, String(port)])
  const box = await startBox({ data: join(folder.path, 'data') })
  try {
    await accepting(port, storescp)
    const script = join(import.meta.dirname, 'clinic.py')
    const said = await run('/usr/bin/python3', [script, box.url, images, `pacs:${port}`])
    assert.deepEqual(JSON.parse(said), {
      uploaded: ['Success', 'Success', 'Success'],
      ...{ kept: 3, studies: 1, members: 3, sent: 3, missing: 404 },
    })
    assert.equal(readdirSync(pacs).length, 3)
  } finally {
    await box.stop()
    await end(storescp)
    folder.remove()
  }
})
