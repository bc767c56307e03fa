import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deadAfter, listen, type Source } from './listening.ts'

class Told extends EventTarget implements Source {
  onopen: ((event: Event) => void) | null = null
  closed = false
  close() {
    this.closed = true
  }
  tell(name: string, data = '{}') {
    this.dispatchEvent(new MessageEvent(name, { data }))
  }
}

/** What was opened, what was heard, and the time, which the test makes. */
function page() {
  const sources: Told[] = []
  const heard: string[] = []
  let timer: { at: number; then: () => void } | undefined
  let now = 0
  const end = listen(
    {
      names: ['connection'],
      event: (name, data) => heard.push(`${name} ${data}`),
      opened: () => heard.push('opened'),
    },
    {
      open() {
        sources.push(new Told())
        return sources.at(-1)!
      },
      after(milliseconds, then) {
        const mine = { at: now + milliseconds, then }
        timer = mine
        return {
          end() {
            if (timer === mine) timer = undefined
          },
        }
      },
    },
  )
  return {
    ...{ sources, heard, end },
    waits: () => timer !== undefined,
    pass(milliseconds: number) {
      now += milliseconds
      if (timer && timer.at <= now) timer.then()
    },
  }
}

test('a stream that tells or is alive stays open', () => {
  const { sources, heard, pass } = page()
  for (let each = 0; each < 10; each++) {
    pass(deadAfter - 1)
    sources[0]!.tell(each % 2 === 0 ? 'alive' : 'connection', String(each))
  }
  assert.equal(sources.length, 1)
  assert.deepEqual(
    heard,
    [1, 3, 5, 7, 9].map(each => `connection ${each}`),
  )
})

test('a stream that fell silent is closed and opened anew, and what was missed is asked for', () => {
  const { sources, heard, pass } = page()
  sources[0]!.onopen?.(new Event('open'))
  pass(deadAfter)
  assert.deepEqual(
    sources.map(each => each.closed),
    [true, false],
  )
  sources[1]!.onopen?.(new Event('open'))
  sources[1]!.tell('connection', 'x')
  assert.deepEqual(heard, ['opened', 'opened', 'connection x'])
})

test('one that cannot be opened is tried again and again', () => {
  const { sources, pass } = page()
  for (let each = 0; each < 3; each++) pass(deadAfter)
  assert.equal(sources.length, 4)
  assert.equal(sources.filter(each => !each.closed).length, 1)
})

test('a page that listens no more leaves nothing open and nothing to wait for', () => {
  const { sources, end, waits } = page()
  end()
  assert.equal(sources[0]!.closed, true)
  assert.equal(waits(), false)
})
