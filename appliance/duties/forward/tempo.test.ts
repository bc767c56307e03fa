import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTempo } from './tempo.ts'

/** A line of so many bytes a second, each image waiting `rtt` for its answer; runs for so long. */
function run(seconds: number, line: { rate: number; rtt: number; bytes: number }, most = 8) {
  let now = 0
  const tempo = createTempo({ least: 1, most, elapsed: () => now })
  const levels: number[] = []
  while (now < seconds) {
    const level = tempo.level()
    const alone = line.bytes / line.rate
    // Several share the line; it is full once their waiting is covered.
    const each = Math.max(alone + line.rtt, alone * level)
    now += each / level
    const sending = Math.max(alone, each - line.rtt)
    tempo.note({ bytes: line.bytes, sending, answer: each - sending }, true)
    levels.push(level)
  }
  return { tempo, levels, last: levels.slice(-200) }
}

const mean = (all: number[]) => all.reduce((sum, each) => sum + each, 0) / all.length

test('small images over a far line get as many connections as carry more, up to what settings allow', () => {
  const { last } = run(2000, { rate: 48_000, rtt: 0.7, bytes: 3000 })
  assert.ok(mean(last) > 6, `${mean(last)} connections`)
  assert.ok(Math.max(...run(2000, { rate: 48_000, rtt: 0.7, bytes: 3000 }, 3).levels) === 3)
})

test('a line that is full with one connection gets no second one for long', () => {
  const { last } = run(20_000, { rate: 48_000, rtt: 0.7, bytes: 500_000 })
  assert.ok(mean(last) < 1.3, `${mean(last)} connections`)
})

test('a far side that takes no further connection is not pressed', () => {
  const { tempo } = run(200, { rate: 48_000, rtt: 0.7, bytes: 3000 })
  const before = tempo.level()
  assert.ok(before > 1)
  tempo.refused()
  assert.equal(tempo.level(), before - 1)
})
