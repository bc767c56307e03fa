import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { eventually } from '../peers/programs.ts'
import { writeCt } from '../samples/synthetic.ts'
import { type Box, startBox, temporaryFolder } from './box.ts'

const folder = temporaryFolder()
after(folder.remove)
const data = join(folder.path, 'data')
const config = { http: { orthanc: { userMetadata: { colour: 1024 } } } }
const images = 120

interface Job {
  State: string
  Progress: number
}

async function uploaded(box: Box): Promise<{ ids: string[]; study: string }> {
  const ids: string[] = []
  let study = ''
  for (let instance = 1; instance <= images; instance++) {
    const { file } = writeCt(folder.path, { uidRoot: '1.2.826.0.1.9', study: 1, instance }, 512)
    const answer = await fetch(`${box.url}/instances`, {
      method: 'POST',
      body: readFileSync(file) as never,
    })
    assert.equal(answer.status, 200)
    const told = (await answer.json()) as { ID: string; ParentStudy: string }
    ids.push(told.ID)
    study = told.ParentStudy
  }
  return { ids, study }
}

const write = (box: Box, method: string, path: string, body: string) =>
  fetch(box.url + path, { method, body })

test('killed in the middle of an archive job, right after metadata were answered: what was answered is there, and the job ends well', async () => {
  let box = await startBox({ data, config })
  try {
    const { ids, study } = await uploaded(box)
    const submitted = await write(
      box,
      'POST',
      `/studies/${study}/archive`,
      JSON.stringify({ Asynchronous: true }),
    )
    const { ID: job } = (await submitted.json()) as { ID: string }
    await eventually(async () => {
      const { State } = await box.get<Job>(`/jobs/${job}`)
      return State === 'Running'
    }, 'the job running')
    const answers = [
      await write(box, 'PUT', `/studies/${study}/metadata/colour`, 'blue'),
      await write(box, 'PUT', `/instances/${ids[0]}/metadata/1030`, 'first'),
      await write(box, 'PUT', `/studies/${study}/labels/urgent`, ''),
    ]
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200, 200],
    )
    const { State } = await box.get<Job>(`/jobs/${job}`)
    await box.kill()
    assert.equal(State, 'Running', 'it was killed in the middle')

    box = await startBox({ data, config })
    const metadata = await box.get<Record<string, string>>(`/studies/${study}/metadata?expand`)
    assert.equal(metadata.colour, 'blue')
    const first = await box.get<Record<string, string>>(`/instances/${ids[0]}/metadata?expand`)
    assert.equal(first['1030'], 'first')
    assert.deepEqual(await box.get(`/studies/${study}/labels`), ['urgent'])
    const kept = await box.get<string[]>(`/studies/${study}/instances?expand=false`)
    assert.deepEqual(kept.toSorted(), ids.toSorted())

    await eventually(async () => {
      const { State: state } = await box.get<Job>(`/jobs/${job}`)
      assert.notEqual(state, 'Failure')
      return state === 'Success'
    }, 'the job done')
    const zip = join(folder.path, 'archive.zip')
    const output = await fetch(`${box.url}/jobs/${job}/archive`)
    assert.equal(output.status, 200)
    writeFileSync(zip, Buffer.from(await output.arrayBuffer()))
    const script = `import sys, zipfile
z = zipfile.ZipFile(sys.argv[1])
assert z.testzip() is None
print(len(z.namelist()))`
    const members = execFileSync('/usr/bin/python3', ['-c', script, zip], { encoding: 'utf8' })
    assert.equal(Number(members), images)
  } finally {
    await box.kill().catch(() => undefined)
  }
})
