import {
  type Archive,
  type Headers as ArchiveHeaders,
  createHeaders as createArchiveHeaders,
} from '../../holdings/archive/archive.ts'
import type { Instance } from '../../holdings/catalog/catalog.ts'
import type { Bytes } from '../../holdings/storage/storage.ts'
import type { Dictionary } from './dictionary.ts'
import { measured } from './packing.ts'

/** What the stored files say of themselves, and what Orthanc's clients ask of them besides. */
export interface Headers extends ArchiveHeaders {
  /** MD5 of the file as `open` gives it. We do not rely on it; Orthanc's clients ask for it. */
  md5(instance: Instance): Promise<string>
  /** Length and MD5 of the file in the form that `form` gives; what was measured is remembered. */
  packed(instance: Instance, form: () => Bytes): Promise<{ size: number; md5: string }>
}

const rememberedDigests = 10_000

/** `characterSet` is how text is read that names no set. */
export function createHeaders(
  archive: Archive,
  dictionary: Pick<Dictionary, 'applied'>,
  characterSet?: () => string,
): Headers {
  const stored = createArchiveHeaders(archive, characterSet)
  const digests = new Map<string, Promise<{ size: number; md5: string }>>()
  function digested(form: string, instance: Instance, bytes: () => Bytes) {
    const key = `${form}|${instance.blob}|${instance.revision ?? 0}`
    let digest = digests.get(key)
    if (!digest) {
      digest = measured(bytes())
      digest.catch(() => digests.delete(key))
      digests.set(key, digest)
      if (digests.size > rememberedDigests) digests.delete(digests.keys().next().value!)
    }
    return digest
  }
  return {
    ...stored,
    md5: async instance => (await digested('', instance, () => archive.open(instance.id))).md5,
    packed: (instance, form) => digested('packed', instance, form),
    async read(instance) {
      const header = await stored.read(instance)
      return { ...header, dataset: dictionary.applied(header.dataset) }
    },
    readWhole: async instance => dictionary.applied(await stored.readWhole(instance)),
  }
}
