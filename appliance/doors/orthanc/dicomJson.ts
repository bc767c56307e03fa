import type { Dataset, Element } from '../../standard/dicom/dicom.ts'
import {
  formatTag,
  isPrivate,
  isPrivateCreator,
  isText,
  keywordOf,
  tagOf,
  vrOf,
} from '../../standard/dicom/dicom.ts'
import type { TagFormat } from './arguments.ts'
import { Refusal } from './errors.ts'
import type { Json, JsonObject } from './json.ts'

/** DICOM datasets as Orthanc says them in JSON. */

/** Longer texts are not shown unless asked for. */
const longestText = 256

export interface Shown {
  format: TagFormat
  /** Tags whose texts are shown however long. */
  ignoreLength?: ReadonlySet<number>
  /** Only these, at the top; all when absent. */
  only?: ReadonlySet<number>
  /** An element that the dataset was not read to: its pixel data. */
  pixelData?: number | undefined
}

export function datasetJson(dataset: Dataset, shown: Shown): JsonObject {
  const out: Record<string, Json> = {}
  for (const element of dataset.elements()) {
    // Group lengths say how a file was written, not what it says.
    if ((element.tag & 0xffff) === 0 && element.tag >>> 16 !== 2) continue
    if (shown.only && !shown.only.has(element.tag)) continue
    put(
      out,
      element.tag,
      shown.format,
      creatorOf(dataset, element.tag),
      shownValue(dataset, element, shown),
    )
  }
  if (shown.pixelData !== undefined && (!shown.only || shown.only.has(shown.pixelData))) {
    put(out, shown.pixelData, shown.format, undefined, { type: 'Null', value: null })
  }
  return out
}

/** One tag with a text, as the main tags are shown. */
export function tagsJson(
  tags: Iterable<readonly [tag: number, value: Json]>,
  format: TagFormat,
): JsonObject {
  const out: Record<string, Json> = {}
  for (const [tag, value] of tags) {
    put(out, tag, format, undefined, {
      type: Array.isArray(value) ? 'Sequence' : 'String',
      value,
    })
  }
  return out
}

interface Value {
  type: 'String' | 'Sequence' | 'Null' | 'TooLong'
  value: Json
}

function put(
  out: Record<string, Json>,
  tag: number,
  format: TagFormat,
  privateCreator: string | undefined,
  { type, value }: Value,
): void {
  if (format === 'human') out[nameOf(tag)] = value
  else if (format === 'short') out[formatTag(tag)] = value
  else {
    out[formatTag(tag)] = {
      Name: nameOf(tag),
      PrivateCreator: privateCreator,
      Type: type,
      Value: value,
    }
  }
}

function shownValue(dataset: Dataset, element: Element, shown: Shown): Value {
  if (element.items) {
    const { only: _, pixelData: __, ...inner } = shown
    return { type: 'Sequence', value: element.items.map(item => datasetJson(item, inner)) }
  }
  const text = isShownAsText(element) ? dataset.textOf(element) : undefined
  if (text === undefined) return { type: 'Null', value: null }
  if (text.length > longestText && !shown.ignoreLength?.has(element.tag)) {
    return { type: 'TooLong', value: null }
  }
  return { type: 'String', value: text }
}

const numbers = new Set(['AT', 'FD', 'FL', 'SL', 'SS', 'SV', 'UL', 'US', 'UV'])

/** Bulk data has no text, and what a private UN holds nobody knows. */
function isShownAsText({ tag, vr }: Element): boolean {
  if (isText(vr) || numbers.has(vr)) return true
  const known = vr === 'UN' ? vrOf(tag) : undefined
  return known !== undefined && (isText(known) || numbers.has(known))
}

/** How Orthanc calls a tag that no dictionary names. */
const unknownName = 'Unknown Tag & Data'

export function nameOf(tag: number): string {
  if (isPrivateCreator(tag)) return 'PrivateCreator'
  if ((tag & 0xffff) === 0 && tag !== 0x00020000) return 'GenericGroupLength'
  return keywordOf(tag) ?? unknownName
}

/** Who reserved the block in which a private element stands: PS3.5 §7.8.1. */
function creatorOf(dataset: Dataset, tag: number): string | undefined {
  if (!isPrivate(tag) || isPrivateCreator(tag)) return undefined
  const block = ((tag & 0xffff0000) >>> 0) + ((tag & 0xffff) >>> 8)
  return dataset.text(block) ?? ''
}

/** A tag as requests write it: by keyword or number. */
export function tagNamed(name: string): number {
  const tag = tagOf(name)
  if (tag === undefined) throw new Refusal('UnknownDicomTag')
  return tag
}
