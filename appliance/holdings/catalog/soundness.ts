import { type FileHandle, open } from 'node:fs/promises'

/**
 * Whether a file is an LMDB environment that can be opened without danger. LMDB believes its file: a
 * page that is not there is a SIGBUS, one whose nodes point astray a crash, one of zeros a silent
 * loss. So before it is opened the newest meta page is looked at, the file's length, and every page
 * down to the leaves: that their nodes lie within them and in order. Of a million instances the
 * branches are some thousand pages; of leaves beyond `leavesAtOnce` only some are read, unless
 * `thorough`. What stands in values is not looked at: LMDB has no checksums.
 *
 * Layout of LMDB's data version 2 (lmdb-js 3), little endian. Page: number u64, transaction u64, pad
 * u16, flags u16, lower u16, upper u16, then node offsets. Meta, behind that head: magic, version,
 * address, map size, two trees (of free pages, whose pad is the page size, and of entries), last
 * page, transaction. Node: size or child u16 + u16, flags or child u16, key length u16, key, data or
 * the number of the page where it lies.
 */
const head = 24
const magic = 0xbeefc0de
const dataVersion = 2
const flag = { branch: 1, leaf: 2, meta: 8 } as const
const at = { magic: 24, version: 28, pageSize: 48, last: 144, txn: 152 }
const trees = [
  { depth: 54, root: 88, isOrdered: false },
  { depth: 102, root: 136, isOrdered: true },
] as const
const elsewhere = 1
/** Pages read together, and how many may lie between two that are. */
const together = { pages: 256, apart: 8 }
/** 32 MB, the catalogue of some sixteen thousand instances. */
const leavesAtOnce = 8_192
const sampled = 200
const none = 0xffffffffffffffffn

/** Why it must not be opened; undefined when it may, or is not there or empty. */
export async function unsoundnessOf(
  path: string,
  extent: 'usual' | 'thorough' = 'usual',
): Promise<string | undefined> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (!file) return undefined
  try {
    const { size } = await file.stat()
    if (size === 0) return undefined
    const pageAt = async (number: number, length: number) => {
      const page = Buffer.alloc(length)
      const { bytesRead } = await file.read(page, 0, length, number * length)
      return bytesRead === length ? page : undefined
    }
    const first = Buffer.alloc(160)
    await file.read(first, 0, first.length, 0)
    const pageSize = first.readUInt32LE(at.pageSize)
    // A newer data version is LMDB's to refuse.
    if (first.readUInt32LE(at.magic) === magic && first.readUInt32LE(at.version) > dataVersion) {
      return undefined
    }
    if (!isMeta(first) || pageSize < 512 || pageSize > 65_536 || pageSize & (pageSize - 1)) {
      return 'it does not begin as a store does'
    }
    const second = await pageAt(1, pageSize)
    if (!second || !isMeta(second)) return 'its second page is not one of a store'
    const newest = first.readBigUInt64LE(at.txn) > second.readBigUInt64LE(at.txn) ? first : second
    const last = Number(newest.readBigUInt64LE(at.last))
    if ((last + 1) * pageSize > size) return 'it is shorter than it says'
    for (const { depth, root, isOrdered } of trees) {
      const top = newest.readBigUInt64LE(root)
      if (top === none) continue
      let level = [Number(top)]
      for (let left = newest.readUInt16LE(depth); left > 0; left--) {
        const kind = left > 1 ? 'branch' : 'leaf'
        const isAll = kind === 'branch' || extent === 'thorough' || level.length <= leavesAtOnce
        const step = isAll ? 1 : Math.floor(level.length / sampled)
        const wanted = level.filter((_, index) => index % step === 0).sort((a, b) => a - b)
        if (wanted.some(number => !(number >= 2 && number <= last))) return 'it points outside'
        const below: number[] = []
        for await (const [number, page] of pagesOf(file, wanted, pageSize)) {
          if (!page || !isPage(page, number, flag[kind])) return `page ${number} is not a ${kind}`
          if (!areNodesSound(page, kind, isOrdered, last)) return `page ${number} is damaged within`
          if (kind === 'branch') below.push(...childrenOf(page))
        }
        level = below
      }
    }
    return undefined
  } finally {
    await file.close()
  }
}

/** Pages by their ascending numbers, neighbours read at once. */
async function* pagesOf(
  file: FileHandle,
  numbers: readonly number[],
  pageSize: number,
): AsyncIterable<readonly [number, Buffer | undefined]> {
  for (let begin = 0, end = 0; begin < numbers.length; begin = end) {
    const first = numbers[begin]!
    for (end = begin + 1; end < numbers.length; end++) {
      const number = numbers[end]!
      if (number - first >= together.pages || number - numbers[end - 1]! > together.apart) break
    }
    const piece = Buffer.alloc((numbers[end - 1]! - first + 1) * pageSize)
    const { bytesRead } = await file.read(piece, 0, piece.length, first * pageSize)
    for (const number of numbers.slice(begin, end)) {
      const from = (number - first) * pageSize
      yield [
        number,
        from + pageSize <= bytesRead ? piece.subarray(from, from + pageSize) : undefined,
      ]
    }
  }
}

const isMeta = (page: Buffer) =>
  page.readUInt16LE(18) === flag.meta &&
  page.readUInt32LE(at.magic) === magic &&
  page.readUInt32LE(at.version) === dataVersion

function isPage(page: Buffer, number: number, kind: number): boolean {
  const [lower, upper] = [page.readUInt16LE(20), page.readUInt16LE(22)]
  return (
    page.readBigUInt64LE(0) === BigInt(number) &&
    (page.readUInt16LE(18) & 0x0f) === kind &&
    lower <= upper &&
    upper <= page.length
  )
}

/** Whether each node of a page lies within it and, where keys are ordered byte by byte, is in order. */
function areNodesSound(
  page: Buffer,
  kind: 'branch' | 'leaf',
  isOrdered: boolean,
  last: number,
): boolean {
  const [lower, upper] = [page.readUInt16LE(20), page.readUInt16LE(22)]
  if (lower === 0 || lower & 1 || head + upper > page.length) return false
  // A branch's first key stands for all that come before, and is not asked for.
  const firstKey = kind === 'branch' ? 1 : 0
  for (let index = 0, before = 0, beforeEnd = 0; index < lower >> 1; index++) {
    const node = head + page.readUInt16LE(head + 2 * index)
    if (node < head + upper || node + 8 > page.length) return false
    const key = node + 8
    const keyEnd = key + page.readUInt16LE(node + 6)
    if (keyEnd > page.length || (index >= firstKey && keyEnd === key)) return false
    if (kind === 'leaf' && !isDataSound(page, node, keyEnd, last)) return false
    if (isOrdered && index > firstKey && page.compare(page, before, beforeEnd, key, keyEnd) <= 0) {
      return false
    }
    before = key
    beforeEnd = keyEnd
  }
  return true
}

function isDataSound(page: Buffer, node: number, keyEnd: number, last: number): boolean {
  const size = page.readUInt16LE(node) + page.readUInt16LE(node + 2) * 0x10000
  const flags = page.readUInt16LE(node + 4)
  if (flags === 0) return keyEnd + size <= page.length
  if (flags !== elsewhere || keyEnd + 8 > page.length) return false
  const number = Number(page.readBigUInt64LE(keyEnd))
  return number >= 2 && number + Math.floor((16 + size) / page.length) <= last
}

/** A node of a branch page begins with the number of its child, 48 bits in three parts. */
function* childrenOf(page: Buffer): Iterable<number> {
  const count = page.readUInt16LE(20) >> 1
  for (let index = 0; index < count; index++) {
    const node = head + page.readUInt16LE(head + 2 * index)
    yield page.readUInt32LE(node) + page.readUInt16LE(node + 4) * 0x100000000
  }
}
