import assert from 'node:assert/strict'
import { test } from 'node:test'
import { handClock } from './listening.peer.ts'
import { Watch } from './timers.ts'

test('a deadline that is moved on with every chunk costs one timer', () => {
  const { clock, pass, timersSet } = handClock()
  const expired: string[] = []
  const watch = new Watch<string>(clock, name => expired.push(name))
  for (let second = 0; second < 100; second++) {
    watch.set('idle', 60)
    pass(1)
  }
  assert.deepEqual(expired, [])
  assert.ok(timersSet() <= 3)
  pass(60)
  assert.deepEqual(expired, ['idle'])
})

test('several deadlines expire each at its own time, and a cleared one never', () => {
  const { clock, pass } = handClock()
  const expired: string[] = []
  const watch = new Watch<string>(clock, name => expired.push(name))
  watch.set('late', 30)
  watch.set('soon', 10)
  watch.set('never', 20)
  watch.clear('never')
  pass(15)
  assert.deepEqual(expired, ['soon'])
  pass(15)
  assert.deepEqual(expired, ['soon', 'late'])
  watch.set('stopped', 1)
  watch.stop()
  pass(10)
  assert.deepEqual(expired, ['soon', 'late'])
})
