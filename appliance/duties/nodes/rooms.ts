/**
 * Memory that images are read into, one after the other. A new piece for each would be given back to
 * the kernel and faulted in anew, page by page: a fifth of what it costs to send a CT.
 */
export interface Rooms {
  /** A piece of so many bytes at least; none for images that are read in several chunks. */
  take(bytes: number): Buffer | undefined
  /** A view of a piece that nobody looks at any more; of other memory it is none. */
  free(view: Uint8Array | undefined): void
}

/** What is read in one go. */
const largest = 1024 * 1024
/** Pieces are of so many bytes, or some multiples, so that the next image fits where one was. */
const step = 64 * 1024
/** More are not in use at a time. */
const kept = 8

export function createRooms(): Rooms {
  const given = new WeakSet<ArrayBufferLike>()
  const free: Buffer[] = []
  return {
    take(bytes) {
      if (bytes > largest) return undefined
      const at = free.findIndex(({ length }) => length >= bytes)
      const [found] = at < 0 ? [] : free.splice(at, 1)
      if (found) return found
      const room = Buffer.allocUnsafeSlow(Math.max(1, Math.ceil(bytes / step)) * step)
      given.add(room.buffer)
      return room
    },
    free(view) {
      if (!view || !given.has(view.buffer)) return
      free.push(Buffer.from(view.buffer))
      // Those that were too small for what came go first.
      if (free.length > kept) free.shift()
    },
  }
}

/**
 * Of the whole program, as its memory is: a C-GET that brings one series would else fault in anew what
 * the one before it gave back. At most 8 MB stay.
 */
export const rooms: Rooms = createRooms()
