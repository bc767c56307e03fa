/**
 * How many connections at once serve a destination best, within its settings: found by measuring.
 * One more is tried while the line stands still between images (the answer takes a noticeable part of
 * the time that the bytes take), and kept only if that carries a tenth more; else it is given back,
 * and not tried again for a while. A far side that takes no further connection has decided the same.
 */
export interface Tempo {
  level(): number
  /** An image got its answer: its bytes, and how long they and the answer took, in seconds. */
  note(image: { bytes: number; sending: number; answer: number }, busy: boolean): void
  /** A connection beside others was not taken. */
  refused(): void
  /** Bytes a second, over the last half minute or so; 0 when idle. */
  throughput(): number
  /** Of the answers, seconds, smoothed; `undefined` before the first. */
  answerSeconds(): number | undefined
}

/** A measurement takes at least so many seconds, and so many images for each connection. */
const measureSeconds = 5
const measureImages = 3
/** What one more connection must bring to stay. */
const worthwhile = 1.1
/** The share of time spent waiting for answers below which the line is as good as full. */
const waitingShare = 0.1
/** Measurements to rest after a trial that brought nothing; doubled each time. */
const restFirst = 8
const restMost = 64
const throughputOver = 30

export function createTempo(parts: { least: number; most: number; elapsed: () => number }): Tempo {
  const { most, elapsed } = parts
  const least = Math.min(parts.least, most)
  let level = least
  let base: number | undefined
  let trying = false
  let rest = 0
  let nextRest = restFirst
  let answer: number | undefined
  let measured = begun()
  let recent: { at: number; bytes: number }[] = []

  function begun() {
    return { since: elapsed(), bytes: 0, images: 0, sending: 0, answer: 0, busy: true }
  }

  function fallBack(): void {
    level = Math.max(least, level - 1)
    trying = false
    rest = nextRest
    nextRest = Math.min(restMost, nextRest * 2)
  }

  function conclude(rate: number): void {
    const { busy, sending, answer } = measured
    const waits = answer > (sending + answer) * waitingShare
    if (!busy) return
    if (trying) {
      if (base !== undefined && rate < base * worthwhile) {
        fallBack()
        return
      }
      trying = false
      nextRest = restFirst
    }
    if (base !== undefined && rate < base / 2) rest = 0
    base = rate
    if (rest > 0) rest--
    else if (waits && level < most) {
      level++
      trying = true
    }
  }

  return {
    level: () => level,

    note(image, busy) {
      const now = elapsed()
      recent.push({ at: now, bytes: image.bytes })
      if (recent.length > 5000) recent = recent.slice(2500)
      answer = answer === undefined ? image.answer : answer * 0.8 + image.answer * 0.2
      measured.bytes += image.bytes
      measured.images++
      measured.sending += image.sending
      measured.answer += image.answer
      measured.busy &&= busy
      const seconds = now - measured.since
      if (seconds < measureSeconds || measured.images < measureImages * level) return
      conclude(measured.bytes / seconds)
      measured = begun()
    },

    refused() {
      if (level === least) return
      nextRest = restMost
      fallBack()
      measured = begun()
    },

    throughput() {
      const now = elapsed()
      recent = recent.filter(each => now - each.at < throughputOver)
      const first = recent[0]
      if (!first) return 0
      const bytes = recent.reduce((sum, each) => sum + each.bytes, 0)
      return bytes / Math.max(1, recent.length < 2 ? throughputOver : now - first.at)
    },

    answerSeconds: () => answer,
  }
}
