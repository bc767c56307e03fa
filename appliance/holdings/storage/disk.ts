import type { BlobKey, Blobs, Room } from './storage.ts'
export interface DiskOptions {
  folder: string
  after?: BlobKey
}
export async function openDisk(_options: DiskOptions): Promise<Blobs & Room> {
  throw new Error('soon')
}
