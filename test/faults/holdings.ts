import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Fault } from '../../appliance/faults.ts'
import {
  type Archive,
  type ArchiveOptions,
  archiveSettings,
  openArchive,
} from '../../appliance/holdings/archive/archive.ts'
import { type OpenStore, type Origin, openStore } from '../../appliance/holdings/catalog/catalog.ts'
import { type Blobs, openDisk, type Room } from '../../appliance/holdings/storage/storage.ts'
import { silentLog } from '../../appliance/log.ts'
import { type ImageOf, imageOf, inPieces } from './images.ts'

export const origin: Origin = {
  door: 'DicomProtocol',
  at: '2026-01-02T03:04:05.000Z',
  address: '127.0.0.1',
  callingAeTitle: 'SCANNER',
  calledAeTitle: 'WAYSTATION',
}

/** The archive with its real store and disk on a folder of its own, opened as often as wanted. */
export interface Holdings {
  archive: Archive
  store: OpenStore
  folder: string
  receive(image?: ImageOf): ReturnType<Archive['receiveFile']>
  /** Orderly: what `open` then finds is complete. */
  close(): Promise<void>
}

export interface HoldingsOptions {
  folder: string
  settings?: Partial<ArchiveOptions['settings']>
  wrap?: (blobs: Blobs & Room) => Blobs & Partial<Room>
  wrapStore?: (store: OpenStore) => OpenStore
  patience?: number
  elapsed?: () => number
  now?: () => Date
  log?: ArchiveOptions['log']
  pause?: (milliseconds: number, stop: AbortSignal) => Promise<void>
  took?: ArchiveOptions['took']
}

export async function openHoldings(options: HoldingsOptions): Promise<Holdings> {
  const { folder } = options
  const opened = await openStore({
    folder: join(folder, 'catalog'),
    ...(options.patience && { patience: options.patience }),
  })
  const store = options.wrapStore?.(opened) ?? opened
  const archive = await openArchive({
    openBlobs: async after => {
      const disk = await openDisk({ folder: join(folder, 'blobs'), ...(after && { after }) })
      return options.wrap?.(disk) ?? disk
    },
    store,
    settings: archiveSettings.parse({ reserve: '1 MB', ...options.settings }),
    now: options.now ?? (() => new Date('2026-01-02T03:04:06.000Z')),
    elapsed: options.elapsed ?? (() => performance.now()),
    holds: () => false,
    log: options.log ?? silentLog,
    ...(options.pause && { pause: options.pause }),
    ...(options.took && { took: options.took }),
  }).catch(async (thrown: Fault) => {
    if (thrown.code === 'catalogue-damaged') store.disown()
    await store.close()
    throw thrown
  })
  return {
    ...{ archive, store, folder },
    receive: image => archive.receiveFile(inPieces(imageOf(image).file), origin),
    async close() {
      await archive.close()
      await store.close()
    },
  }
}

/** Folders that go when the test file is done. */
export function freshFolders(
  after: (cleanUp: () => Promise<unknown>) => void,
): () => Promise<string> {
  const made: string[] = []
  after(() => Promise.all(made.map(folder => rm(folder, { recursive: true, force: true }))))
  return async () => {
    const folder = await mkdtemp(join(tmpdir(), 'waystation-holdings-'))
    made.push(folder)
    return folder
  }
}

/** The files in a data folder's first folder of blobs that have bytes; others are made ahead. */
export async function blobFiles(folder: string): Promise<string[]> {
  const leaf = join(folder, 'blobs', '000', '00')
  const names = await readdir(leaf).catch(() => [])
  const sizes = await Promise.all(names.map(async name => (await stat(join(leaf, name))).size))
  return names.filter((_, index) => sizes[index]! > 0)
}
