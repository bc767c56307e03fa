import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createNews } from './news.ts'

test('who follows slowly delays nobody, and is told all of it at once', async () => {
  const news = createNews(async () => {})
  const stop = new AbortController()
  const begin = () => news.follow(stop.signal)[Symbol.asyncIterator]()
  const [slow, quick] = [begin(), begin()]
  const firsts = [slow.next(), quick.next()]
  news.note('cloud')
  for (const first of await Promise.all(firsts))
    assert.deepEqual(first.value, { destinations: new Set(['cloud']), plan: false })
  for (const name of ['cloud', 'oncall', 'cloud']) {
    news.note(name)
    const told = await quick.next()
    assert.deepEqual(told.value, { destinations: new Set([name]), plan: false })
  }
  news.notePlan()
  const late = await slow.next()
  assert.deepEqual(late.value, { destinations: new Set(['cloud', 'oncall']), plan: true })
  const planned = await quick.next()
  assert.deepEqual(planned.value, { destinations: new Set(), plan: true })
  const lasts = [slow.next(), quick.next()]
  stop.abort()
  for (const last of await Promise.all(lasts)) assert.equal(last.done, true)
})

test('who goes away in the middle leaves the others as they were', async () => {
  const news = createNews(async () => {})
  const stop = new AbortController()
  const begin = () => news.follow(stop.signal)[Symbol.asyncIterator]()
  const [leaving, staying] = [begin(), begin()]
  const firsts = [leaving.next(), staying.next()]
  news.note('cloud')
  await Promise.all(firsts)
  await leaving.return?.(undefined)
  news.note('oncall')
  const told = await staying.next()
  assert.deepEqual(told.value, { destinations: new Set(['oncall']), plan: false })
  stop.abort()
})
