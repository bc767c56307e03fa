import { readFileSync } from 'node:fs'

/**
 * The data dictionary of PS3.6 (and PS3.7's command elements), from `dictionary.tsv`, which
 * `drawDictionary.ts` writes. Tags are numbers, 0xggggeeee. Private elements are not in it.
 *
 * The file is read at the first question, which takes a few milliseconds.
 */

interface Entry {
  /** A VR, or two joined by '/' where other elements decide (PS3.6: "US or SS"). */
  vr: string
  keyword: string
}

interface Dictionary {
  byTag: ReadonlyMap<number, Entry>
  tagByKeyword: ReadonlyMap<string, number>
}

/** Groups 50xx, 60xx and 7Fxx repeat for even xx (PS3.5 §7.6), element 0020,31xx likewise. */
const repeatingGroups = new Set([0x50, 0x60, 0x7f])
const sourceImageIds = 0x00203100

let loaded: Dictionary | undefined

function dictionary(): Dictionary {
  loaded ??= parse(readFileSync(new URL('dictionary.tsv', import.meta.url), 'latin1'))
  return loaded
}

/** Repeating rows are filed under xx = 00; a plain row of the same tag is the better one. */
function parse(text: string): Dictionary {
  const byTag = new Map<number, Entry>()
  const tagByKeyword = new Map<string, number>()
  for (const line of text.split('\n')) {
    if (line === '') continue
    const [name, vr, keyword] = line.split('\t') as [string, string, string]
    const repeating = name.charAt(2) === 'x' || name.charAt(7) === 'x'
    const digits = repeating ? name.replace('xx', '00') : name
    const tag = Number.parseInt(digits.slice(0, 4) + digits.slice(5), 16)
    if (!byTag.has(tag)) byTag.set(tag, { vr, keyword })
    if (keyword !== '' && !tagByKeyword.has(keyword)) tagByKeyword.set(keyword, tag)
  }
  return { byTag, tagByKeyword }
}

function entryOf(tag: number): Entry | undefined {
  const { byTag } = dictionary()
  const entry = byTag.get(tag)
  if (entry) return entry
  const group = tag >>> 16
  if ((group & 1) === 0 && repeatingGroups.has(group >>> 8))
    return byTag.get((tag & 0xff00ffff) >>> 0)
  if ((tag & 0xffffff00) >>> 0 === sourceImageIds && (tag & 1) === 0)
    return byTag.get(sourceImageIds)
  return undefined
}

const hexTag = /^([0-9a-f]{4})[,-]?([0-9a-f]{4})$/i

/** The tag of a keyword ('PatientID'), or of 'gggg,eeee', 'gggg-eeee', 'ggggeeee'. */
export function tagOf(keyword: string): number | undefined {
  const tag = dictionary().tagByKeyword.get(keyword)
  if (tag !== undefined) return tag
  const hex = hexTag.exec(keyword)
  return hex ? Number.parseInt(hex[1]! + hex[2]!, 16) : undefined
}

export function keywordOf(tag: number): string | undefined {
  return entryOf(tag)?.keyword || undefined
}

/**
 * The VR an element has when its encoding does not say: the dictionary's; LO for a private creator
 * (PS3.5 §7.8.1) and UL for a group length (§7.2). Where the standard leaves a choice, what
 * implicit VR data have without further knowledge: US of "US or SS", OW of the others (PS3.5 §A.1).
 * Undefined when the tag is unknown or private.
 */
export function vrOf(tag: number): string | undefined {
  if ((tag & 0xffff) === 0) return 'UL'
  if (isPrivate(tag)) return isPrivateCreator(tag) ? 'LO' : undefined
  const vr = entryOf(tag)?.vr
  if (vr === undefined || vr.length === 2) return vr
  return vr === 'US/SS' ? 'US' : 'OW'
}

/** Whether PixelRepresentation (0028,0103) tells the element's numbers signed: "US or SS". */
export function followsPixelRepresentation(tag: number): boolean {
  return entryOf(tag)?.vr === 'US/SS'
}

export function isPrivate(tag: number): boolean {
  return ((tag >>> 16) & 1) === 1
}

export function isPrivateCreator(tag: number): boolean {
  const element = tag & 0xffff
  return isPrivate(tag) && element >= 0x10 && element <= 0xff
}

/** '0010,0020', lower case. */
export function formatTag(tag: number): string {
  const hex = tag.toString(16).padStart(8, '0')
  return `${hex.slice(0, 4)},${hex.slice(4)}`
}
