import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { play } from './play.ts'
import { scripts } from './scripts.ts'

describe('a bad peer', () => {
  for (const script of scripts) it(`${script.title} (${script.source})`, () => play(script))
})

describe('the parrot', () => {
  it('knows at least sixty bad manners, each by a title of its own', () => {
    assert.ok(scripts.length >= 60)
    assert.equal(new Set(scripts.map(each => each.title)).size, scripts.length)
  })
})
