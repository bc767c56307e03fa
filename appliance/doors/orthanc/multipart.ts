import { Fault } from '../../faults.ts'

/**
 * The parts of a multipart body as it passes by (RFC 2046 §5.1), in constant memory: what a browser's
 * form sends (RFC 7578). Names and types of the parts are not looked at.
 */

/** The boundary of a Content-Type that says multipart; undefined for every other. */
export function boundaryOf(type: string | undefined): string | undefined {
  if (!type || !/^\s*multipart\/form-data\s*;/i.test(type)) return undefined
  const parts = /;\s*boundary\s*=\s*(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(type)
  return parts?.[1] ?? parts?.[2]
}

const longestHeader = 16 * 1024

/**
 * Each must be done with before the next is asked for; what was not read of it is passed over.
 * Fault: `request-malformed`.
 */
export async function* partsOf(
  bytes: AsyncIterable<Uint8Array>,
  boundary: string,
): AsyncGenerator<AsyncIterable<Uint8Array>> {
  const input = new Reader(bytes)
  const delimiter = Buffer.from(`\r\n--${boundary}`)
  try {
    // The first delimiter may be without the line break before it.
    input.giveBack(Buffer.from('\r\n'))
    for await (const _ of input.until(delimiter));
    while (!(await input.isLast())) {
      let header = 0
      for await (const chunk of input.until(Buffer.from('\r\n\r\n'))) {
        header += chunk.length
        if (header > longestHeader) throw broken('the header of a part is too long')
      }
      const content = input.until(delimiter)
      // Whoever stops reading early must not end our own reading: it has no `return`.
      yield { [Symbol.asyncIterator]: () => ({ next: () => content.next() }) }
      while (!(await content.next()).done);
    }
  } finally {
    await input.end()
  }
}

const broken = (detail: string) => new Fault('request-malformed', `multipart: ${detail}`)

class Reader {
  readonly #chunks: AsyncIterator<Uint8Array>
  #rest: Buffer = Buffer.alloc(0)

  constructor(bytes: AsyncIterable<Uint8Array>) {
    this.#chunks = bytes[Symbol.asyncIterator]()
  }

  giveBack(bytes: Buffer): void {
    this.#rest = Buffer.concat([bytes, this.#rest])
  }

  async end(): Promise<void> {
    await this.#chunks.return?.()
  }

  /** What comes before `mark`, which is taken and not given. */
  async *until(mark: Buffer): AsyncGenerator<Uint8Array> {
    for (;;) {
      const at = this.#rest.indexOf(mark)
      if (at >= 0) {
        const before = this.#rest.subarray(0, at)
        this.#rest = this.#rest.subarray(at + mark.length)
        if (before.length > 0) yield before
        return
      }
      // So much at the end may be the beginning of the mark.
      const safe = Math.max(0, this.#rest.length - mark.length + 1)
      const before = this.#rest.subarray(0, safe)
      this.#rest = this.#rest.subarray(safe)
      if (before.length > 0) yield before
      if (!(await this.#more())) throw broken('it ends too early')
    }
  }

  /** Behind a delimiter: whether it closes the body. Else the rest of its line is passed over. */
  async isLast(): Promise<boolean> {
    while (this.#rest.length < 2) if (!(await this.#more())) throw broken('it ends too early')
    if (this.#rest.toString('latin1', 0, 2) === '--') return true
    while (this.#rest.indexOf('\r\n') < 0) {
      if (this.#rest.length > longestHeader || !(await this.#more())) {
        throw broken('a delimiter is not at the end of its line')
      }
    }
    // The header's end may follow at once: its first line break is the delimiter's.
    this.#rest = this.#rest.subarray(this.#rest.indexOf('\r\n'))
    return false
  }

  async #more(): Promise<boolean> {
    const next = await this.#chunks.next()
    if (next.done) return false
    this.#rest =
      this.#rest.length === 0 ? Buffer.from(next.value) : Buffer.concat([this.#rest, next.value])
    return true
  }
}
