import {
  Dataset,
  type Element,
  elementOf,
  implicitLittleEndian,
  isPrivate,
  isText,
  readDataset,
  tagOf,
} from '../../standard/dicom/dicom.ts'
import { Refusal } from './errors.ts'
import type { OrthancSettings } from './settings.ts'

/** A tag as a request means it; of a private one with a creator in whatever block is that one's. */
export interface Asked {
  tag: number
  creator?: string
}

/** Tags that the standard's dictionary has not, as the settings declare them. */
export interface Dictionary {
  /** Undefined when nobody gave it a name. */
  nameOf(tag: number, creator: string | undefined): string | undefined
  /** Undefined when nobody declared one. */
  vrOf(tag: number, creator: string | undefined): string | undefined
  /** By keyword, by number, or by a name of the settings. Refusal: UnknownDicomTag. */
  asked(name: string): Asked
  /**
   * The same dataset, where elements that came without a VR (in implicit VR, or as UN) have the
   * declared one: texts and numbers can be read, and sequences have items.
   */
  applied(dataset: Dataset): Dataset
}

interface Declared {
  vr: string
  name: string
}

/**
 * The dictionary of the settings, as Orthanc's `Dictionary` has it: `"gggg,eeee": [VR, name, least,
 * most, creator]`. A private tag is meant in whatever block its creator reserved (PS3.5 §7.8.1), so
 * only the last two digits of its element count, and the first two may be left out.
 */
export function dictionaryFrom(
  settings: OrthancSettings['dictionary'],
  characterSet?: () => string,
): Dictionary {
  const declared = new Map<string, Declared>()
  const named = new Map<string, Asked>()
  for (const [written, [vr, name, , , given]] of Object.entries(settings)) {
    const [group, element] = written.split(',') as [string, string]
    const tag = tagOf(`${group},${element.length === 2 ? `10${element}` : element}`)!
    const creator = isPrivate(tag) ? given?.trim() || undefined : undefined
    declared.set(keyOf(tag, creator), { vr, name })
    if (!named.has(name)) named.set(name, { tag, ...(creator !== undefined && { creator }) })
  }
  const of = (tag: number, creator: string | undefined) =>
    declared.size === 0 ? undefined : declared.get(keyOf(tag, creator))
  const known = new WeakMap<Dataset, Dataset>()

  function applied(dataset: Dataset, parent?: Dataset): Dataset {
    const elements: Element[] = []
    const made = new Dataset(elements, {
      bigEndian: dataset.bigEndian,
      parent,
      ...(characterSet && { defaultCharacterSet: characterSet() }),
    })
    for (const element of dataset.elements()) elements.push(appliedTo(element, dataset, made))
    return made
  }

  function appliedTo(element: Element, dataset: Dataset, made: Dataset): Element {
    const { tag, offset, length, undefinedLength, value, fragments } = element
    const vr = element.vr === 'UN' ? of(tag, creatorOf(dataset, tag))?.vr : undefined
    const items = vr === 'SQ' ? itemsOf(element) : element.items
    // What became UN on its way is little endian: PS3.5 §6.2.2.
    const isReadable = vr === 'SQ' ? items : vr && (isText(vr) || !dataset.bigEndian)
    if (!isReadable && !items) return element
    return {
      ...{ tag, offset, length, undefinedLength, value, fragments },
      vr: isReadable ? vr! : element.vr,
      items: items?.map(item => applied(item, made)),
    }
  }

  return {
    nameOf: (tag, creator) => of(tag, creator)?.name,
    vrOf: (tag, creator) => of(tag, creator)?.vr,
    asked(name) {
      const tag = tagOf(name)
      const asked = tag === undefined ? named.get(name) : { tag }
      if (!asked) throw new Refusal('UnknownDicomTag')
      return asked
    },
    applied(dataset) {
      if (declared.size === 0) return dataset
      let made = known.get(dataset)
      if (!made) {
        made = applied(dataset)
        known.set(dataset, made)
      }
      return made
    },
  }
}

function keyOf(tag: number, creator: string | undefined): string {
  if (!isPrivate(tag)) return String(tag)
  return `${tag >>> 16}|${tag & 0xff}|${creator?.trim() ?? ''}`
}

/** Who reserved the block in which a private element stands: PS3.5 §7.8.1. */
export function creatorOf(dataset: Dataset, tag: number): string | undefined {
  if (!isPrivate(tag) || (tag & 0xffff) < 0x1000) return undefined
  return dataset.text(((tag & 0xffff0000) | ((tag >>> 8) & 0xff)) >>> 0)
}

/** The tags under which a dataset has what is asked for; of what it has not the tag that was asked. */
export const tagsIn = (dataset: Dataset, asked: readonly Asked[]): Set<number> =>
  new Set(asked.map(each => elementOf(dataset, each)?.tag ?? each.tag))

const anySequence = 0x00081110

/**
 * The items of a sequence that nobody knew for one: implicit VR little endian, PS3.5 §6.2.2. None
 * when its value is no sequence after all.
 */
function itemsOf({ value }: Element): readonly Dataset[] | undefined {
  const head = Buffer.alloc(8)
  head.writeUInt16LE(anySequence >>> 16, 0)
  head.writeUInt16LE(anySequence & 0xffff, 2)
  head.writeUInt32LE(value.length, 4)
  try {
    return readDataset(Buffer.concat([head, value]), implicitLittleEndian).items(anySequence)
  } catch {
    return undefined
  }
}
