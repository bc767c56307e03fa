import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../peers/programs.ts'
import { unpackedPackage, withSbin } from './debian.ts'

const root = join(import.meta.dirname, '../..')
const node = join(root, 'node_modules/.bin/node')

/** What the guest runs instead of the service; for trying the machine itself. */
export interface AppOptions {
  /** Shell words, run in the application's own root. */
  command: string
  /** Files to put beside it, by absolute path in the guest. */
  files?: Record<string, string>
  /** `fsync` and its kin do nothing: the control, in which acknowledged images must get lost. */
  withoutSync?: boolean
}

/**
 * A read-only disk with the service as it stands in the working tree: the pinned Node, the shared
 * libraries of this machine that it needs, `appliance/` and the packages that are not for
 * development. Made without mounting anything, so that it needs no root.
 */
export async function makeAppDisk(
  file: string,
  cache: string,
  options: AppOptions,
): Promise<string> {
  const stage = `${file}.stage`
  rmSync(stage, { recursive: true, force: true })
  for (const each of ['bin', 'data', 'dev', 'etc', 'proc', 'sys', 'tmp', 'waystation']) {
    mkdirSync(join(stage, each), { recursive: true })
  }
  const put = (from: string, to: string) =>
    cpSync(realpathSync(from), join(stage, to), { recursive: true })
  put(node, 'bin/node')
  const e2fsck = realpathSync('/sbin/e2fsck')
  put(e2fsck, 'bin/e2fsck')
  const busybox = await unpackedPackage('busybox-static', cache)
  put(join(busybox, 'bin/busybox'), 'bin/sh')
  put(join(root, 'package.json'), 'waystation/package.json')
  put(join(root, 'appliance'), 'waystation/appliance')
  const packages = productionPackages()
  for (const each of packages) put(join(root, each), join('waystation', each))
  const native = packages.flatMap(each => addonsIn(join(root, each)))
  for (const library of librariesOf([realpathSync(node), e2fsck, ...native])) put(library, library)
  let preload = ''
  if (options.withoutSync) {
    const folder = await unpackedPackage('libeatmydata1', cache)
    put(join(folder, 'usr/lib/x86_64-linux-gnu/libeatmydata.so.1.3.0'), '/lib/eatmydata.so')
    preload = 'export LD_PRELOAD=/lib/eatmydata.so\n'
  }
  for (const [name, text] of Object.entries(options.files ?? {})) {
    writeFileSync(join(stage, name), text)
  }
  await run(join(stage, 'bin/node'), [join(stage, 'waystation/appliance/main.ts'), 'version'], {
    ...process.env,
    ...compiled(join(stage, 'waystation')),
  })
  const exports = Object.entries(compiled('/waystation')).map(each => `export ${each.join('=')}\n`)
  const script = `cd /waystation\n${exports.join('')}${preload}exec ${options.command}\n`
  writeFileSync(join(stage, 'serve'), script)
  rmSync(file, { force: true })
  const flags = ['-q', '-t', 'ext4', '-O', '^has_journal', '-m', '0', '-d', stage]
  await run('mke2fs', [...flags, file, '512M'], withSbin)
  rmSync(stage, { recursive: true })
  return file
}

/** What the host compiled the emulated processor need not: it takes half of a start. */
const compiled = (folder: string) => ({
  NODE_COMPILE_CACHE: join(folder, '.compiled'),
  NODE_COMPILE_CACHE_PORTABLE: '1',
})

/** An empty ext4 data disk, as sparse as the host's file system lets it be. */
export async function makeDataDisk(file: string, megabytes: number): Promise<string> {
  rmSync(file, { force: true })
  const extended = 'lazy_itable_init=0,lazy_journal_init=0'
  await run('mke2fs', ['-q', '-t', 'ext4', '-E', extended, file, `${megabytes}M`], withSbin)
  return file
}

/** Folders of the packages that the service needs, by the lock file that npm left in them. */
function productionPackages(): string[] {
  const lock = JSON.parse(readFileSync(join(root, 'node_modules/.package-lock.json'), 'utf8'))
  return Object.entries(lock.packages as Record<string, { dev?: boolean }>)
    .filter(([path, { dev }]) => path && !dev && !path.startsWith('node_modules/node-linux-'))
    .map(([path]) => path)
    .filter((path, _, all) => !all.some(other => path.startsWith(`${other}/`)))
}

function addonsIn(folder: string): string[] {
  const found = execFileSync('find', [folder, '-name', '*.node'], { encoding: 'utf8' })
  return found.split('\n').filter(each => each && !each.includes('musl'))
}

/** Every library that programs need, with the loader, by `ldd`. */
function librariesOf(programs: readonly string[]): Set<string> {
  const found = new Set<string>()
  for (const program of programs) {
    const text = execFileSync('ldd', [program], { encoding: 'utf8' })
    for (const [path] of text.matchAll(/\/\S+(?= \()/g)) found.add(path)
  }
  return found
}
