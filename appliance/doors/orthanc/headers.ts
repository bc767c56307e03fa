import { createHash } from 'node:crypto'
import {
  type Archive,
  type Headers as ArchiveHeaders,
  createHeaders as createArchiveHeaders,
} from '../../holdings/archive/archive.ts'
import type { Instance } from '../../holdings/catalog/catalog.ts'
import type { Dictionary } from './dictionary.ts'

/** What the stored files say of themselves, and what Orthanc's clients ask of them besides. */
export interface Headers extends ArchiveHeaders {
  /** MD5 of the file as `open` gives it. We do not rely on it; Orthanc's clients ask for it. */
  md5(instance: Instance): Promise<string>
}

const rememberedDigests = 10_000

/** `characterSet` is how text is read that names no set. */
export function createHeaders(
  archive: Archive,
  dictionary: Pick<Dictionary, 'applied'>,
  characterSet?: () => string,
): Headers {
  const stored = createArchiveHeaders(archive, characterSet)
  const digests = new Map<string, Promise<string>>()
  function md5(instance: Instance): Promise<string> {
    const key = `${instance.blob}|${instance.revision ?? 0}`
    let digest = digests.get(key)
    if (!digest) {
      digest = digestOf(archive.open(instance.id))
      digest.catch(() => digests.delete(key))
      digests.set(key, digest)
      if (digests.size > rememberedDigests) digests.delete(digests.keys().next().value!)
    }
    return digest
  }
  return {
    ...stored,
    md5,
    async read(instance) {
      const header = await stored.read(instance)
      return { ...header, dataset: dictionary.applied(header.dataset) }
    },
    readWhole: async instance => dictionary.applied(await stored.readWhole(instance)),
  }
}

async function digestOf(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('md5')
  for await (const chunk of bytes) hash.update(chunk)
  return hash.digest('hex')
}
