import type { OpenStore } from './store.ts'
export interface LmdbOptions {
  folder: string
}
export async function openStore(_options: LmdbOptions): Promise<OpenStore> {
  throw new Error('soon')
}
