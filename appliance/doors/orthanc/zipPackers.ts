import { constants, createDeflateRaw, createGzip, type DeflateRaw } from 'node:zlib'

/**
 * Deflaters that are used again. Each has a third of a megabyte outside the heap: one made for every
 * member of an archive of many small images is collected far too late.
 */
export interface Packers {
  /** What is read, packed with this level: one whole stream. */
  deflated(plain: AsyncIterable<Uint8Array>, level: number): AsyncGenerator<Uint8Array>
  /** Lets go of those that rest. */
  close(): void
}

const chunkSize = 64 * 1024

/** Bare streams (RFC 1951), as members of a ZIP file are, or `gzip` (RFC 1952). */
export function createPackers(wrapping: 'raw' | 'gzip' = 'raw'): Packers {
  const resting = new Map<number, Packer[]>()
  let isClosed = false
  return {
    async *deflated(plain, level) {
      const packer = resting.get(level)?.pop() ?? createPacker(wrapping, level)
      let isWhole = false
      try {
        yield* packer.deflated(plain)
        isWhole = true
      } finally {
        if (!isWhole || isClosed) packer.close()
        else resting.set(level, [...(resting.get(level) ?? []), packer])
      }
    },
    close() {
      isClosed = true
      for (const packer of [...resting.values()].flat()) packer.close()
      resting.clear()
    },
  }
}

interface Packer {
  deflated(plain: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array>
  close(): void
}

function createPacker(wrapping: 'raw' | 'gzip', level: number): Packer {
  const create = wrapping === 'raw' ? createDeflateRaw : createGzip
  // Node's types leave out that what packs gzip can be reset as well.
  const deflate = create({ level, chunkSize }) as DeflateRaw
  const ready: Uint8Array[] = []
  deflate.on('data', (chunk: Uint8Array) => ready.push(chunk))
  // Not raced against one promise for all: that would remember each of a long stream's chunks.
  let fail: (error: Error) => void = () => undefined
  deflate.on('error', error => fail(error))
  const done = (begin: (over: () => void) => void) =>
    new Promise<void>((resolve, reject) => {
      fail = reject
      begin(resolve)
    })
  return {
    async *deflated(plain) {
      for await (const chunk of plain) {
        await done(over => deflate.write(chunk, over))
        yield* ready.splice(0)
      }
      // The stream's last block, without ending what writes it.
      await done(over => deflate.flush(constants.Z_FINISH, over))
      yield* ready.splice(0)
      deflate.reset()
    },
    close: () => deflate.destroy(),
  }
}
