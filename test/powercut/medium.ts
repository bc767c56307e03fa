import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { run, start } from '../peers/programs.ts'
import { withSbin } from './debian.ts'

/**
 * What the data disk holds once it is switched off, read without mounting it: the file system is
 * whole, and each blob belongs to an image that the service lists.
 */
export async function inspect(image: string, folder: string, listed: number): Promise<string[]> {
  const wrong: string[] = []
  const check = start('e2fsck', ['-fn', image], withSbin)
  if ((await check.ended) !== 0) wrong.push(`e2fsck: ${check.output().slice(-2000)}`)
  const copy = join(folder, 'blobs')
  mkdirSync(copy)
  await run('debugfs', ['-R', `rdump /box/blobs ${copy}`, image], withSbin)
  const names = readdirSync(copy, { recursive: true, encoding: 'utf8' })
  rmSync(copy, { recursive: true })
  const blobs = names.filter(name => name.endsWith('.dcm')).length
  if (blobs !== listed) wrong.push(`${blobs} blobs on the disk, ${listed} instances listed`)
  return wrong
}
