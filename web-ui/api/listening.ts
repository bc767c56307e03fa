/**
 * The box is never silent for longer than 15 seconds (`alive`): after three times that, ms, the
 * connection is dead, though nobody told the browser.
 */
export const deadAfter = 45_000

/** What of an `EventSource` is used. */
export interface Source {
  onopen: ((event: Event) => void) | null
  addEventListener(name: string, heard: (event: Event) => void): void
  close(): void
}

export interface Around {
  open(): Source
  after(milliseconds: number, then: () => void): { end(): void }
}

/**
 * Listens until the answer is called. The browser connects again by itself where it sees that a
 * connection broke; one that fell silent, and one that the browser gave up since something between
 * answered with an error, is opened anew here.
 */
export function listen(
  heard: {
    names: readonly string[]
    event(name: string, data: string): void
    opened(): void
  },
  { open, after }: Around,
): () => void {
  let source: Source
  let silence: { end(): void }
  function hush() {
    silence?.end()
    silence = after(deadAfter, anew)
  }
  function anew() {
    source?.close()
    source = open()
    source.onopen = () => {
      hush()
      heard.opened()
    }
    source.addEventListener('alive', hush)
    for (const name of heard.names) {
      source.addEventListener(name, event => {
        hush()
        heard.event(name, (event as MessageEvent<string>).data)
      })
    }
    hush()
  }
  anew()
  return () => {
    silence.end()
    source.close()
  }
}

export function inBrowser(path: string): Around {
  return {
    open: () => new EventSource(path),
    after(milliseconds, then) {
      const timer = setTimeout(then, milliseconds)
      return { end: () => clearTimeout(timer) }
    },
  }
}
