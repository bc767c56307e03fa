import assert from 'node:assert/strict'
import { basename } from 'node:path'
import { type TestContext, test } from 'node:test'
import { faultOf } from '../../../appliance/faults.ts'
import type { Box } from '../nodes/box.ts'
import { ask, startAnswering } from './answering.ts'
import { type NamedSample, namedSamples, readAnswers } from './pydicom.ts'

/** In rounds without two of one SOP Instance UID, or two names in one study. */
function rounds(samples: readonly NamedSample[]): NamedSample[][] {
  const all: NamedSample[][] = []
  for (const sample of samples) {
    const fits = (round: NamedSample[]) =>
      round.every(
        each =>
          each.sopInstanceUid !== sample.sopInstanceUid &&
          (each.studyInstanceUid !== sample.studyInstanceUid || each.name === sample.name),
      )
    const round = all.find(fits)
    if (round) round.push(sample)
    else all.push([sample])
  }
  return all
}

/** A box with the samples of one round; a file that ends too early is not taken. */
async function boxOf(round: NamedSample[], t: TestContext) {
  const box = await startAnswering()
  t.after(box.stop)
  const kept: NamedSample[] = []
  for (const sample of round) {
    try {
      await box.keep(sample.file)
      kept.push(sample)
    } catch (error) {
      assert.equal(faultOf(error).code, 'dataset-truncated', sample.file)
      assert.match(basename(sample.file), /truncated/)
    }
  }
  return { box, kept }
}

async function answersByName(box: Box, { queries, studyInstanceUid }: NamedSample) {
  const answers: Uint8Array[] = []
  for (const { set, identifier } of queries) {
    const replies = await ask(box.port, { identifier: Buffer.from(identifier, 'base64') })
    assert.equal(replies.at(-1)!.status, 0)
    const match = replies.find(reply => reply.found?.text('StudyInstanceUID') === studyInstanceUid)
    assert.ok(match, `${studyInstanceUid} is found in ${set}`)
    answers.push(match.dataset!)
  }
  return answers
}

test('every image of pydicom is found by its name, asked in every character set that has it', async t => {
  const samples = namedSamples()
  const answers: Uint8Array[] = []
  const expected: [string, string][] = []
  for (const round of rounds(samples)) {
    const { box, kept } = await boxOf(round, t)
    for (const sample of kept) {
      for (const answer of await answersByName(box, sample)) {
        answers.push(answer)
        expected.push([sample.studyInstanceUid, sample.name])
      }
    }
  }
  assert.ok(samples.length > 80, `${samples.length} samples`)
  const foreign = samples.filter(({ name }) => /[^\x00-\x7f]/.test(name))
  assert.ok(foreign.length > 12, `${foreign.length} of them with letters beyond ASCII`)
  for (const { file, queries } of foreign) {
    assert.ok(queries.length > 1, `${file} is asked for in ${queries.length} sets`)
  }
  assert.deepEqual(readAnswers(answers), expected)
})
