import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { writeCt } from '../samples/synthetic.ts'
import { type Box, startBox, temporaryFolder } from './box.ts'

const [images, large, times] = [1200, 40, 3]
const folder = temporaryFolder()
const megabyte = 1024 * 1024
/** Of one packer for each image, as once was, three archives would leave 230 MB behind. */
const growsAtMost = 60 * megabyte

let box: Box
let studies: string[]

/** What the process needs for itself: mapped files, such as the catalogue, are given back at need. */
const anonymous = () =>
  Number(/RssAnon:\s+(\d+) kB/.exec(readFileSync(`/proc/${box.pid}/status`, 'utf8'))![1]) * 1024

before(async () => {
  box = await startBox({ data: `${folder.path}/data` })
  const wanted = [
    ...Array.from({ length: images }, (_, i) => ({ study: 1, instance: i + 1, size: 16 })),
    ...Array.from({ length: large }, (_, i) => ({ study: 2, instance: i + 1, size: 512 })),
  ]
  const sender = async () => {
    for (let next = wanted.pop(); next; next = wanted.pop()) {
      const { size, ...which } = next
      const { file } = writeCt(
        folder.path,
        { uidRoot: '1.2.826.0.1.3680043.10.78', ...which },
        size,
      )
      const answer = await fetch(`${box.url}/instances`, {
        method: 'POST',
        body: readFileSync(file),
      })
      assert.equal(answer.status, 200, await answer.text())
    }
  }
  await Promise.all(Array.from({ length: 6 }, sender))
  studies = await box.get('/studies')
})

after(async () => {
  await box?.stop()
  folder.remove()
})

async function read(path: string): Promise<number> {
  const answer = await fetch(box.url + path)
  let bytes = 0
  for await (const chunk of answer.body!) bytes += chunk.length
  return bytes
}

test('archives of many small images, one after the other, leave no memory behind', async () => {
  const archive = `/tools/create-archive?resources=${studies.join(',')}`
  // The first one warms up: code is compiled, headers and buffers have their places.
  assert.ok((await read(archive)) > 300 * images)
  const begun = anonymous()
  let most = begun
  for (let time = 0; time < times; time++) {
    await read(archive)
    most = Math.max(most, anonymous())
  }
  assert.ok(most - begun < growsAtMost, `${(most - begun) / megabyte} MB more than at first`)
})
