import { open } from 'node:fs/promises'

/**
 * Whether a file is an LMDB environment that can be opened without danger. LMDB believes its file: a
 * page that is not there is a SIGBUS, one that is something else a crash. So before it is opened the
 * newest meta page is looked at, the file's length, and every branch page down to the leaves' heads;
 * of a million instances that is some thousand pages. What stands in leaves is not looked at.
 *
 * Layout of LMDB's data version 2 (lmdb-js 3), little endian. Page: number u64, transaction u64, pad
 * u16, flags u16, lower u16, upper u16, then node offsets. Meta, behind that head: magic, version,
 * address, map size, two trees (the first one's pad is the page size), last page, transaction.
 */
const head = 24
const magic = 0xbeefc0de
const dataVersion = 2
const flag = { branch: 1, leaf: 2, meta: 8 } as const
const at = { magic: 24, version: 28, pageSize: 48, depth: 102, root: 136, last: 144, txn: 152 }
const atOnce = 32
const none = 0xffffffffffffffffn

/** Why it must not be opened; undefined when it may, or is not there or empty. */
export async function unsoundnessOf(path: string): Promise<string | undefined> {
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
    const root = newest.readBigUInt64LE(at.root)
    if (root === none) return undefined
    let level = [Number(root)]
    for (let depth = newest.readUInt16LE(at.depth); depth > 1; depth--) {
      const below: number[] = []
      for (let from = 0; from < level.length; from += atOnce) {
        const numbers = level.slice(from, from + atOnce)
        const pages = await Promise.all(numbers.map(number => pageAt(number, pageSize)))
        for (const [index, page] of pages.entries()) {
          const number = numbers[index]!
          if (!page || !isPage(page, number, flag.branch)) return `page ${number} is not a branch`
          for (const child of childrenOf(page)) {
            if (child < 2 || child > last) return `page ${number} points outside`
            below.push(child)
          }
        }
      }
      level = below
    }
    // Of the leaves, which are many, the first of every so many.
    const step = Math.max(1, Math.floor(level.length / 200))
    for (let index = 0; index < level.length; index += step) {
      const number = level[index]!
      const page = await pageAt(number, pageSize)
      if (!page || !isPage(page, number, flag.leaf)) return `page ${number} is not a leaf`
    }
    return undefined
  } finally {
    await file.close()
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

/** A node of a branch page begins with the number of its child, 48 bits in three parts. */
function* childrenOf(page: Buffer): Iterable<number> {
  const count = page.readUInt16LE(20) >> 1
  for (let index = 0; index < count; index++) {
    const pointer = head + page.readUInt16LE(head + 2 * index)
    if (pointer + 6 > page.length) {
      yield -1
      return
    }
    yield page.readUInt32LE(pointer) + page.readUInt16LE(pointer + 4) * 0x100000000
  }
}
