import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../peers/programs.ts'

/** The test cannot run on this machine, for a reason that a person can mend. */
export class Unavailable extends Error {}

/** mke2fs and its kin live where the PATH of an ordinary user does not look. */
export const withSbin = { PATH: `${process.env.PATH}:/usr/sbin:/sbin` }

/** Fails as `Unavailable` when a program is missing; `brings` is the Debian package to install. */
export async function needProgram(program: string, brings: string): Promise<void> {
  const folders = withSbin.PATH.split(':')
  if (folders.some(folder => existsSync(join(folder, program)))) return
  throw new Unavailable(`${program} is missing: apt-get install --no-install-recommends ${brings}`)
}

/**
 * A Debian package of this machine's release, unpacked and not installed: the folder that holds its
 * files. What was fetched once is there the next time, as long as it is still the current version.
 */
export async function unpackedPackage(name: string, cache: string): Promise<string> {
  const uri = await apt('apt-get', ['--print-uris', '-qq', 'download', name])
  const file = uri.split(' ')[1]
  if (!file) throw new Unavailable(`no Debian package ${name} is known here: apt-get update`)
  const folder = join(cache, file.replace(/\.deb$/, ''))
  if (existsSync(folder)) return folder
  const work = `${folder}.${process.pid}`
  mkdirSync(join(work, 'files'), { recursive: true })
  try {
    // apt-get downloads into the folder it is started in.
    await apt('sh', ['-c', 'cd "$1" && apt-get -qq download "$2" 2>&1', 'sh', work, name])
    const deb = readdirSync(work).find(each => each.endsWith('.deb'))!
    await run('dpkg-deb', ['-x', join(work, deb), join(work, 'files')])
    if (!existsSync(folder)) renameSync(join(work, 'files'), folder)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
  return folder
}

/** The package that a metapackage stands for at this moment. */
export async function dependencyOf(name: string, like: RegExp): Promise<string> {
  const found = (await apt('apt-cache', ['depends', name])).match(like)
  if (!found) throw new Unavailable(`no Debian package ${name} is known here: apt-get update`)
  return found[0]
}

async function apt(command: string, args: string[]): Promise<string> {
  try {
    return await run(command, args)
  } catch (error) {
    throw new Unavailable(`Debian's packages cannot be had here: ${(error as Error).message}`)
  }
}
