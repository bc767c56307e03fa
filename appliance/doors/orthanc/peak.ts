/** The largest of what was seen in the last ten seconds, as Orthanc's metrics have it. */
export interface Peak {
  seen(value: number): void
  value(): number
}

const windowMilliseconds = 10_000

export function createPeak(now: () => number): Peak {
  // Two halves: what is older than both is forgotten.
  let [before, current, began] = [0, 0, now()]
  const turn = () => {
    const elapsed = now() - began
    if (elapsed < windowMilliseconds) return
    before = elapsed < 2 * windowMilliseconds ? current : 0
    current = 0
    began = now()
  }
  return {
    seen(value) {
      turn()
      current = Math.max(current, value)
    },
    value() {
      turn()
      return Math.max(before, current)
    },
  }
}
