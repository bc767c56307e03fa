import { Fault } from '../../faults.ts'
import { takeInflater } from '../../standard/dicom/dicom.ts'

/**
 * Reads ZIP files as they pass by (APPNOTE.TXT §4.3): member after member by their local headers,
 * in constant memory. Names are not used for anything, and those that would lead elsewhere are
 * refused.
 */

export const isZip = (start: Uint8Array): boolean =>
  start[0] === 0x50 && start[1] === 0x4b && (start[2] === 3 || start[2] === 5)

/**
 * The contents of the members, in their order. Each must be done with before the next is asked for;
 * what was not read of it is passed over. Faults: `request-malformed` for what is no ZIP file or
 * cannot be read in passing or has a member whose name leads out of where it would be unpacked,
 * `too-large` when a member or all together grow beyond the limits, or beyond what an honest file
 * ever packs into so few bytes.
 */
export async function* membersOf(
  bytes: AsyncIterable<Uint8Array>,
  limits: { allBytes: number; memberBytes: number },
): AsyncGenerator<AsyncIterable<Uint8Array>> {
  const input = new Input(bytes)
  const budget = { left: limits.allBytes, unpacked: 0 }
  try {
    for (;;) {
      const member = await nextMember(input)
      if (!member) return
      const content = contentOf(input, member, budget, limits.memberBytes)
      // Whoever stops reading early must not end our own reading: it has no `return`.
      if (!member.folder) yield { [Symbol.asyncIterator]: () => ({ next: () => content.next() }) }
      while (!(await content.next()).done);
    }
  } finally {
    await input.end()
  }
}

interface Member {
  folder: boolean
  deflated: boolean
  /** Length as it stands in the file; undefined when only what follows the content tells. */
  length: number | undefined
}

/** So many bytes are unpacked whatever the ratio. */
const harmless = 256 * 1024 * 1024
/** Black images pack to a hundredth; what packs to less over hundreds of megabytes is a bomb. */
const mostRatio = 200

const localHeader = 0x04034b50
const followedByLength = 0x0008
const encrypted = 0x0001
const absent = 0xffffffff

async function nextMember(input: Input): Promise<Member | undefined> {
  const signature = await input.take(4)
  if (signature.length < 4 || signature.readUInt32LE(0) !== localHeader) return undefined
  const fixed = await input.exactly(26)
  const flags = fixed.readUInt16LE(2)
  const method = fixed.readUInt16LE(4)
  const name = await input.exactly(fixed.readUInt16LE(22))
  if (leadsOut(name.toString('latin1')))
    throw broken('the name of a member leads out of its folder')
  const extra = await input.exactly(fixed.readUInt16LE(24))
  if (flags & encrypted) throw broken('a member is encrypted')
  if (method !== 0 && method !== 8) throw broken(`compression method ${method} is not known`)
  const follows = (flags & followedByLength) !== 0
  if (follows && method === 0) throw broken('a member is stored without its length')
  const length = fixed.readUInt32LE(14)
  return {
    folder: name.at(-1) === 0x2f,
    deflated: method === 8,
    length: follows ? undefined : length === absent ? longLength(extra) : length,
  }
}

/** An absolute path, a drive, or a way up: no archive that was made to be unpacked has such names. */
function leadsOut(name: string): boolean {
  const steps = name.split(/[\\/]/)
  return steps[0] === '' || /^[A-Za-z]:/.test(name) || steps.includes('..') || name.includes('\0')
}

/** The compressed length in the ZIP64 extra field: APPNOTE.TXT §4.5.3. */
function longLength(extra: Buffer): number {
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) === 1 && at + 20 <= extra.length) {
      return Number(extra.readBigUInt64LE(at + 12))
    }
  }
  throw broken('a member of 4 GB or more does not tell its length')
}

async function* contentOf(
  input: Input,
  member: Member,
  budget: { left: number; unpacked: number },
  memberBytes: number,
): AsyncGenerator<Uint8Array> {
  let length = 0
  const stored = input.upTo(member.length ?? Number.POSITIVE_INFINITY)
  const content = member.deflated ? inflated(input, stored) : allOf(stored, member.length!)
  for await (const chunk of content) {
    budget.left -= chunk.length
    budget.unpacked += chunk.length
    length += chunk.length
    if (length > memberBytes) throw new Fault('too-large', 'an unpacked file is too large')
    if (budget.left < 0) throw new Fault('too-large', 'the unpacked files are too large together')
    if (budget.unpacked > harmless && budget.unpacked > mostRatio * input.taken) {
      throw new Fault('too-large', 'the files unpack to far more than was sent')
    }
    yield chunk
  }
  if (member.length === undefined) await passDescriptor(input)
}

async function* allOf(stored: AsyncIterable<Uint8Array>, length: number) {
  let left = length
  for await (const chunk of stored) {
    left -= chunk.length
    yield chunk
  }
  if (left > 0) throw broken('the file ends too early')
}

/** Inflates up to the end that the data themselves mark; what was read too far is given back. */
async function* inflated(
  input: Input,
  stored: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const inflater = takeInflater('raw')
  let given = 0
  try {
    for await (const chunk of stored) {
      given += chunk.length
      yield* inflater.inflated(chunk)
      if (inflater.isOver()) {
        input.giveBack(chunk.subarray(chunk.length - (given - inflater.used())))
        return
      }
    }
    // Told that there is no more, it says whether that was all.
    await inflater.finish()
  } catch (error) {
    if (error instanceof Fault) throw error
    throw broken(`a member is damaged (${(error as Error).message})`)
  } finally {
    inflater.giveBack()
  }
}

/** Checksum and lengths behind the content, with or without signature, of 32 or 64 bits. */
async function passDescriptor(input: Input): Promise<void> {
  const start = await input.exactly(4)
  const signed = start.readUInt32LE(0) === 0x08074b50
  await input.exactly(signed ? 12 : 8)
  const next = await input.take(2)
  input.giveBack(next)
  // Behind lengths of 32 bits the next header begins; else their upper halves are still to come.
  if (next.length === 2 && next.readUInt16LE(0) !== 0x4b50) await input.exactly(8)
}

const broken = (detail: string) => new Fault('request-malformed', `ZIP: ${detail}`)

/** Bytes taken from a stream in portions of any size. */
class Input {
  readonly #chunks: AsyncIterator<Uint8Array>
  #rest: Uint8Array = new Uint8Array()
  /** Bytes that have come so far. */
  taken = 0

  constructor(bytes: AsyncIterable<Uint8Array>) {
    this.#chunks = bytes[Symbol.asyncIterator]()
  }

  /** Up to `length` bytes, fewer only at the end. */
  async take(length: number): Promise<Buffer> {
    const taken: Uint8Array[] = []
    let missing = length
    for await (const chunk of this.upTo(length)) {
      taken.push(chunk)
      missing -= chunk.length
      if (missing === 0) break
    }
    return Buffer.concat(taken)
  }

  async exactly(length: number): Promise<Buffer> {
    const taken = await this.take(length)
    if (taken.length < length) throw broken('the file ends too early')
    return taken
  }

  async *upTo(length: number): AsyncGenerator<Uint8Array> {
    let left = length
    while (left > 0) {
      if (this.#rest.length === 0) {
        const next = await this.#chunks.next()
        if (next.done) return
        this.#rest = next.value
        this.taken += next.value.length
        continue
      }
      const chunk = this.#rest.subarray(0, Math.min(left, this.#rest.length))
      this.#rest = this.#rest.subarray(chunk.length)
      left -= chunk.length
      yield chunk
    }
  }

  giveBack(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#rest = Buffer.concat([bytes, this.#rest])
  }

  async end(): Promise<void> {
    await this.#chunks.return?.()
  }
}
