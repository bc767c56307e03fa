import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { needProgram, Unavailable } from './debian.ts'
import { type AppOptions, makeAppDisk } from './disks.ts'
import type { Machine } from './guest.ts'
import { makeInitramfs } from './initramfs.ts'
import { fetchKernel } from './kernel.ts'

/** Debian's packages, unpacked once; `npm ci` empties it. */
const cache = join(import.meta.dirname, '../../node_modules/.cache/powercut')

/**
 * Everything that the guest boots from, made in `folder`. Fails as `Unavailable`, with what to do,
 * where this machine cannot run it.
 */
export async function makeMachine(folder: string, app: AppOptions): Promise<Machine> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Unavailable(`the guest is x86-64 Linux; this is ${process.platform} ${process.arch}`)
  }
  await needProgram('qemu-system-x86_64', 'qemu-system-x86')
  await needProgram('mke2fs', 'e2fsprogs')
  await needProgram('storescu', 'dcmtk')
  await needProgram('apt-get', 'apt')
  mkdirSync(cache, { recursive: true })
  const kernel = await fetchKernel(cache)
  const initramfs = join(folder, 'initramfs')
  writeFileSync(initramfs, await makeInitramfs(kernel, cache))
  const appDisk = await makeAppDisk(join(folder, 'app.ext4'), cache, app)
  return { kernelImage: kernel.image, initramfs, appDisk }
}
