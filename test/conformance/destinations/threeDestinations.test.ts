import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { shareOfThird } from '../../bench/relaying.ts'

const folder = mkdtempSync(join(tmpdir(), 'waystation-three-'))
after(() => rmSync(folder, { recursive: true }))

/** Images a second: what the loaded machine that tests run on can carry to three. */
const pace = 100

test('beside a black hole and one that rejects, the third destination has images at no less than nine tenths of its rate alone', async t => {
  const { alone, share } = await shareOfThird(folder, pace, 3)
  t.diagnostic(`${alone.toFixed(0)} images a second alone, ${share.toFixed(2)} of it in company`)
  assert.ok(alone > pace * 0.8, `${alone} a second`)
  assert.ok(share >= 0.9, `${share}`)
})
