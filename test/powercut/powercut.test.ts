import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { temporaryFolder } from '../whole/box.ts'
import { runCuts } from './cuts.ts'
import { Unavailable } from './debian.ts'
import { makeMachine } from './machine.ts'
import { sentenceOf, service } from './powercut.ts'

const folder = temporaryFolder()
after(() => folder.remove())

test('every instance acknowledged before the power cut is there after it, byte by byte', async t => {
  const machine = await makeMachine(folder.path, { command: service }).catch(error => {
    if (error instanceof Unavailable) return error
    throw error
  })
  if (machine instanceof Unavailable) return t.skip(`NO POWER CUT WAS TESTED: ${machine.message}`)
  const seed = Date.now() % 1e6
  const say = (line: string) => t.diagnostic(line)
  const options = { machine, folder: folder.path, cuts: 2, seed, drive: 'volatile', say } as const
  const outcome = await runCuts(options)
  t.diagnostic(`seed ${seed}: ${sentenceOf(outcome)}`)
  assert.deepEqual(outcome.faults, [])
  assert.ok(outcome.acknowledged > 0, 'something was at stake')
})
