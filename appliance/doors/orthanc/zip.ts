import { createPackers } from './zipPackers.ts'
import { beginPacking, type Packing, type Sums } from './zipPacking.ts'

/** One file of a ZIP file that is being written. */
export interface Member {
  /** With `/` between folders. */
  name: string
  /** Its length, when known before, so that large ones get room for theirs: ZIP64. */
  bytes: number
  at: Date
  /** 0 for what is compressed already, up to 9. */
  compression: number
  content: AsyncIterable<Uint8Array>
}

const signatures = {
  local: 0x04034b50,
  descriptor: 0x08074b50,
  central: 0x02014b50,
  end64: 0x06064b50,
  locator64: 0x07064b50,
  end: 0x06054b50,
}
const followedByLength = 0x0008
const utf8 = 0x0800
const deflated = 8
const most = 0xffffffff
/** What may reach 4 GB once deflated gets 64-bit lengths from the start. */
const large = 0xf0000000

/**
 * A ZIP file (APPNOTE.TXT §4.3) of members that come one after the other, in memory bounded by the
 * number of members and not by their lengths, at the pace at which it is read. Every member is
 * deflated, if only with level 0: a stored one cannot be read in passing.
 */
export async function* zipped(
  members: Iterable<Member> | AsyncIterable<Member>,
  comment: string,
): AsyncGenerator<Uint8Array> {
  const directory: Buffer[] = []
  let offset = 0
  for await (const { member, packing } of underWay(members)) {
    const name = Buffer.from(member.name, 'utf8')
    const long = member.bytes >= large
    const begin = offset
    const { sums } = packing
    // What is packed already goes out in one piece: a write for each of its parts costs more.
    let held: Uint8Array[] = [localHeader(name, member, long)]
    try {
      for await (const chunk of packing.chunks) {
        held.push(chunk)
        if (packing.isWhole) continue
        for (const each of held) {
          offset += each.length
          yield each
        }
        held = []
      }
    } finally {
      await packing.end()
    }
    const rest = Buffer.concat([...held, descriptor(sums, long)])
    offset += rest.length
    yield rest
    directory.push(centralHeader(name, member, sums, begin))
  }
  const central = Buffer.concat(directory)
  yield central
  yield endOf(directory.length, central.length, offset, comment)
}

/** So many members are packed while one is read: as many threads, and twice as many megabytes. */
const membersAhead = 4

interface UnderWay {
  member: Member
  packing: Packing
}

/** The members in their order, each with its packing begun. */
async function* underWay(
  members: Iterable<Member> | AsyncIterable<Member>,
): AsyncGenerator<UnderWay> {
  const source =
    Symbol.asyncIterator in members ? members[Symbol.asyncIterator]() : members[Symbol.iterator]()
  const begun: { member: Member; packing: Promise<Packing> }[] = []
  const packers = createPackers()
  let isOver = false
  try {
    for (;;) {
      while (!isOver && begun.length < membersAhead) {
        const next = await source.next()
        if (next.done) isOver = true
        else {
          const member = next.value
          const packing = beginPacking(member.content, member.compression, packers)
          // What fails is told when its turn comes.
          packing.catch(() => undefined)
          begun.push({ member, packing })
        }
      }
      const first = begun.shift()
      if (!first) return
      yield { member: first.member, packing: await first.packing }
    }
  } finally {
    for (const { packing } of begun) {
      await packing.then(
        each => each.end(),
        () => undefined,
      )
    }
    packers.close()
    await source.return?.()
  }
}

const flagsOf = (name: Buffer) => followedByLength | (name.some(byte => byte > 0x7f) ? utf8 : 0)

function localHeader(name: Buffer, member: Member, long: boolean): Buffer {
  const head = Buffer.alloc(30)
  head.writeUInt32LE(signatures.local, 0)
  head.writeUInt16LE(long ? 45 : 20, 4)
  head.writeUInt16LE(flagsOf(name), 6)
  head.writeUInt16LE(deflated, 8)
  head.writeUInt32LE(dosTime(member.at), 10)
  if (long) head.writeUInt32LE(most, 18)
  if (long) head.writeUInt32LE(most, 22)
  head.writeUInt16LE(name.length, 26)
  head.writeUInt16LE(long ? 20 : 0, 28)
  return Buffer.concat([head, name, long ? extra64([0, 0]) : Buffer.alloc(0)])
}

function descriptor({ crc, plain, packed }: Sums, long: boolean): Buffer {
  const tail = Buffer.alloc(long ? 24 : 16)
  tail.writeUInt32LE(signatures.descriptor, 0)
  tail.writeUInt32LE(crc, 4)
  if (long) {
    tail.writeBigUInt64LE(BigInt(packed), 8)
    tail.writeBigUInt64LE(BigInt(plain), 16)
  } else {
    tail.writeUInt32LE(packed, 8)
    tail.writeUInt32LE(plain, 12)
  }
  return tail
}

function centralHeader(name: Buffer, member: Member, sums: Sums, begin: number): Buffer {
  const long = member.bytes >= large || begin >= most
  const extra = long ? extra64([sums.plain, sums.packed, begin]) : Buffer.alloc(0)
  const head = Buffer.alloc(46)
  head.writeUInt32LE(signatures.central, 0)
  head.writeUInt16LE(long ? 45 : 20, 4)
  head.writeUInt16LE(long ? 45 : 20, 6)
  head.writeUInt16LE(flagsOf(name), 8)
  head.writeUInt16LE(deflated, 10)
  head.writeUInt32LE(dosTime(member.at), 12)
  head.writeUInt32LE(sums.crc, 16)
  head.writeUInt32LE(long ? most : sums.packed, 20)
  head.writeUInt32LE(long ? most : sums.plain, 24)
  head.writeUInt16LE(name.length, 28)
  head.writeUInt16LE(extra.length, 30)
  head.writeUInt32LE(long ? most : begin, 42)
  return Buffer.concat([head, name, extra])
}

/** The ZIP64 extended information extra field: APPNOTE.TXT §4.5.3. */
function extra64(values: number[]): Buffer {
  const extra = Buffer.alloc(4 + 8 * values.length)
  extra.writeUInt16LE(1, 0)
  extra.writeUInt16LE(8 * values.length, 2)
  for (const [i, value] of values.entries()) extra.writeBigUInt64LE(BigInt(value), 4 + 8 * i)
  return extra
}

function endOf(count: number, length: number, at: number, comment: string): Buffer {
  const long = count >= 0xffff || length >= most || at >= most
  const text = Buffer.from(comment, 'latin1')
  const end = Buffer.alloc(22)
  end.writeUInt32LE(signatures.end, 0)
  end.writeUInt16LE(long ? 0xffff : count, 8)
  end.writeUInt16LE(long ? 0xffff : count, 10)
  end.writeUInt32LE(long ? most : length, 12)
  end.writeUInt32LE(long ? most : at, 16)
  end.writeUInt16LE(text.length, 20)
  return Buffer.concat([long ? end64(count, length, at) : Buffer.alloc(0), end, text])
}

function end64(count: number, length: number, at: number): Buffer {
  const end = Buffer.alloc(56 + 20)
  end.writeUInt32LE(signatures.end64, 0)
  end.writeBigUInt64LE(44n, 4)
  end.writeUInt16LE(45, 12)
  end.writeUInt16LE(45, 14)
  end.writeBigUInt64LE(BigInt(count), 24)
  end.writeBigUInt64LE(BigInt(count), 32)
  end.writeBigUInt64LE(BigInt(length), 40)
  end.writeBigUInt64LE(BigInt(at), 48)
  end.writeUInt32LE(signatures.locator64, 56)
  end.writeBigUInt64LE(BigInt(at + length), 64)
  end.writeUInt32LE(1, 72)
  return end
}

/** Time and date as MS-DOS has them: two seconds' steps from 1980 on. */
function dosTime(at: Date): number {
  const year = Math.max(at.getUTCFullYear(), 1980)
  const date = ((year - 1980) << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate()
  const time = (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1)
  return ((date << 16) | time) >>> 0
}
