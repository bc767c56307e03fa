import { open } from 'node:fs/promises'

const piece = Buffer.alloc(1024 * 1024)

/**
 * Keeps a file longer than what is used of it, by blocks that the disk has really given: so that on
 * a full disk what is written into them still finds its place. Zeros are written, since a hole would
 * be given nothing. Must not run while anything else writes behind `used`.
 */
export async function keepAhead(path: string, used: number, ahead: number): Promise<void> {
  const file = await open(path, 'r+')
  try {
    const { size } = await file.stat()
    if (size >= used + ahead / 2) return
    for (let at = Math.max(size, used); at < used + ahead; at += piece.length) {
      await file.write(piece, 0, Math.min(piece.length, used + ahead - at), at)
    }
  } finally {
    await file.close()
  }
}
