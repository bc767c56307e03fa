import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { openStore } from './lmdb.ts'
import { storeContract } from './store.contract.ts'

const folders: string[] = []
after(() => Promise.all(folders.map(folder => rm(folder, { recursive: true, force: true }))))

storeContract('LMDB', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'waystation-store-'))
  folders.push(folder)
  // Nothing is written but when a test asks for it: so that tests see both sides of it.
  const store = await openStore({ folder, gather: 60_000 })
  return {
    store,
    reopen: async () => {
      await store.close()
      return openStore({ folder })
    },
  }
})
