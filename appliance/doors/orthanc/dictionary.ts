import { Fault } from '../../faults.ts'
import { isPrivate, tagOf } from '../../standard/dicom/dicom.ts'
import type { OrthancSettings } from './settings.ts'

/** The name of a tag that the standard's dictionary has not; undefined when nobody gave it one. */
export type Names = (tag: number, privateCreator: string | undefined) => string | undefined

/**
 * Names from the settings, as Orthanc's `Dictionary` has them: `"gggg,eeee": [VR, name, least, most,
 * creator]`. A private tag is meant in whatever block its creator reserved (PS3.5 §7.8.1), so only
 * the last two digits of its element count. Fault: `settings-refused`.
 */
export function namesFrom(dictionary: OrthancSettings['dictionary']): Names {
  const names = new Map<string, string>()
  for (const [written, [, name, , , creator]] of Object.entries(dictionary)) {
    const tag = /^[0-9a-f]{4},[0-9a-f]{4}$/i.test(written) ? tagOf(written) : undefined
    if (tag === undefined || typeof name !== 'string') {
      throw new Fault('settings-refused', `dictionary: "${written}" wants a tag and a name`)
    }
    names.set(keyOf(tag, typeof creator === 'string' ? creator : undefined), name)
  }
  return names.size === 0 ? () => undefined : (tag, creator) => names.get(keyOf(tag, creator))
}

function keyOf(tag: number, creator: string | undefined): string {
  if (!isPrivate(tag)) return String(tag)
  return `${tag >>> 16}|${tag & 0xff}|${creator?.trim() ?? ''}`
}
