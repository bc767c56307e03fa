import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { dependencyOf, unpackedPackage } from './debian.ts'

/** Debian's kernel for virtual machines: ext4 is in it, the virtio drivers are modules. */
export interface Kernel {
  image: string
  /** In the order in which they are to be loaded, each behind what it depends on. */
  modules: readonly { name: string; bytes: Buffer }[]
}

const wanted = ['virtio_pci', 'virtio_blk', 'virtio_net', 'ext4', 'crc32c_generic']

export async function fetchKernel(cache: string): Promise<Kernel> {
  const name = await dependencyOf('linux-image-cloud-amd64', /linux-image-\d\S*-cloud-amd64/)
  const folder = await unpackedPackage(name, cache)
  const boot = join(folder, 'boot')
  const image = readdirSync(boot).find(each => each.startsWith('vmlinuz-'))!
  const tree = join(folder, 'lib/modules', image.slice('vmlinuz-'.length))
  return { image: join(boot, image), modules: modulesIn(tree) }
}

function modulesIn(tree: string): { name: string; bytes: Buffer }[] {
  const files = new Map(
    readdirSync(tree, { recursive: true, encoding: 'utf8' })
      .filter(file => /\.ko(\.xz)?$/.test(file))
      .map(file => [moduleName(file), join(tree, file)]),
  )
  const builtIn = new Set(
    readFileSync(join(tree, 'modules.builtin'), 'utf8').split('\n').map(moduleName),
  )
  const loaded = new Map<string, { name: string; bytes: Buffer }>()
  const load = (name: string): void => {
    if (loaded.has(name) || builtIn.has(name)) return
    const file = files.get(name)
    if (!file) throw new Error(`the kernel has no module ${name}`)
    const bytes = file.endsWith('.xz')
      ? execFileSync('xz', ['-dc', file], { maxBuffer: 1 << 26 })
      : readFileSync(file)
    // Its .modinfo section is a row of NUL-ended `key=value`.
    const depends = bytes.toString('latin1').match(/\0depends=([^\0]*)\0/)?.[1] ?? ''
    for (const other of depends.split(',')) if (other) load(other)
    loaded.set(name, { name, bytes })
  }
  for (const name of wanted) load(name)
  return [...loaded.values()]
}

const moduleName = (file: string) =>
  basename(file)
    .replace(/\.ko(\.xz)?$/, '')
    .replaceAll('-', '_')
