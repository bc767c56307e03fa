import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { underCap } from '../../bench/relaying.ts'

const folder = mkdtempSync(join(tmpdir(), 'waystation-capped-'))
after(() => rmSync(folder, { recursive: true }))

test('a cap of 1 Mbit/s holds on the wire in every second of a minute, and STAT begins within two seconds', async t => {
  const kinds = ['dimse', 'dicomweb'] as const
  const measured = await Promise.all(kinds.map(kind => underCap(join(folder, kind), kind, 60)))
  for (const [at, { highest, average, firstByte }] of measured.entries()) {
    const figures = [highest, average, firstByte].map(each => each.toFixed(3))
    t.diagnostic(
      `${kinds[at]}: at most ${figures[0]} of the cap in a second, ${figures[1]} on average, STAT after ${figures[2]} s`,
    )
    assert.ok(highest <= 1.1, `${kinds[at]}: ${highest} of the cap in one second`)
    assert.ok(average >= 0.9, `${kinds[at]}: ${average} of the cap on average`)
    assert.ok(firstByte < 2, `${kinds[at]}: STAT after ${firstByte} s`)
  }
})
