import type { Dataset, Element } from './dataset.ts'
import { isPrivate, isPrivateCreator, keywordOf, tagOf, vrOf } from './dictionary.ts'
import { type Criterion, criterionOf, type MatchingRules } from './matching.ts'
import { formatNumbers, readNumbers } from './numbers.ts'
import { decodeText, splitText, trimText } from './text.ts'
import { isText } from './vr.ts'
import type { NewElement } from './write.ts'

/** One key attribute of a query (PS3.4 §C.2.2.1): what it asks, and what is to be told. */
export interface Key extends Criterion {
  tag: number
  vr: string
  /** Its name in PS3.6, when it has one. */
  keyword: string
  /** Of a private element that is declared: who made it, PS3.5 §7.8.1. */
  creator?: string
  /** Of a sequence: the keys of its one item; none when it has none. */
  items?: readonly Key[]
}

/** A private element of which the VR is known; only its element number's low byte counts. */
export interface PrivateElement {
  creator: string
  tag: number
  vr: string
}

/** A key of a value given as text; keys of a sequence are made by `keysOf`. */
export function keyOf(tag: number, vr: string, value: string, rules: MatchingRules): Key {
  return { tag, vr, keyword: keywordOf(tag) ?? '', ...criterionOf(vr, value, rules) }
}

/** The elements of an identifier as keys, in the order of their tags. */
export function keysOf(
  identifier: Dataset,
  rules: MatchingRules,
  declared: readonly PrivateElement[] = [],
): Key[] {
  const keys: Key[] = []
  for (const element of identifier.elements()) {
    const { tag } = element
    if ((tag & 0xffff) === 0 || isPrivateCreator(tag)) continue
    const known = isPrivate(tag) ? declaredAs(identifier, tag, declared) : undefined
    const vr = known?.vr ?? (isPrivate(tag) ? undefined : vrOf(tag)) ?? element.vr
    if (vr === 'SQ') keys.push(sequenceKey(element, rules, declared))
    else
      keys.push({ ...keyOf(tag, vr, textAs(identifier, element, vr), rules), ...creatorOf(known) })
  }
  return keys
}

const creatorOf = (known: PrivateElement | undefined) => (known ? { creator: known.creator } : {})

/** Sequence matching, PS3.4 §C.2.2.2.6: of an item each key must match, of the items one. */
function sequenceKey(
  { tag, items = [] }: Element,
  rules: MatchingRules,
  declared: readonly PrivateElement[],
): Key {
  const keys = items[0] ? keysOf(items[0], rules, declared) : []
  const universal = keys.every(key => key.asked.kind === 'universal')
  return {
    ...{ tag, vr: 'SQ', keyword: keywordOf(tag) ?? '', items: keys, matches: () => universal },
    asked: universal ? { kind: 'universal' } : { kind: 'list', of: keys.map(key => key.asked) },
  }
}

function declaredAs(
  dataset: Dataset,
  tag: number,
  declared: readonly PrivateElement[],
): PrivateElement | undefined {
  const creator = dataset.text(creatorTag(tag))
  return declared.find(each => each.creator === creator && sameElement(each.tag, tag))
}

/** (gggg,00bb) of (gggg,bbee): PS3.5 §7.8.1. */
export const creatorTag = (tag: number): number => ((tag & 0xffff0000) | ((tag >>> 8) & 0xff)) >>> 0

const sameElement = (a: number, b: number): boolean => (a & 0xffff00ff) === (b & 0xffff00ff)

/** The element that a key asks for: of a private one wherever its creator has its block. */
export function elementOf(
  dataset: Dataset,
  { tag, creator }: Pick<Key, 'tag' | 'creator'>,
): Element | undefined {
  if (creator === undefined) return dataset.get(tag)
  for (let block = 0x10; block <= 0xff; block++) {
    const at = ((tag & 0xffff0000) | block) >>> 0
    if (dataset.text(at) !== creator) continue
    const element = dataset.get(((tag & 0xffff00ff) | (block << 8)) >>> 0)
    if (element) return element
  }
  return undefined
}

/** Whether a dataset, or an item, is as a key asks. */
export function keyMatches(dataset: Dataset, key: Key): boolean {
  if (key.asked.kind === 'universal') return true
  const element = elementOf(dataset, key)
  if (key.items) return (element?.items ?? []).some(item => itemMatches(item, key.items!))
  return key.matches(element ? valuesAs(dataset, element, key.vr) : [])
}

const itemMatches = (item: Dataset, keys: readonly Key[]): boolean =>
  keys.every(key => keyMatches(item, key))

/**
 * What a dataset says to a key, to be written in an answer; empty when it says nothing. Of a
 * sequence the items that match, each with what its keys ask for, or all of it when they ask for
 * nothing (PS3.4 §C.2.2.2.6).
 */
export function answerOf(dataset: Dataset, key: Key): NewElement {
  const { tag, vr } = key
  const element = elementOf(dataset, key)
  if (!element) return key.items ? { tag, items: [] } : { tag, vr }
  if (key.items) {
    const items = (element.items ?? []).filter(item => itemMatches(item, key.items!))
    return {
      tag,
      items: items.map(item =>
        key.items!.length > 0 ? key.items!.map(each => answerOf(item, each)) : copyOf(item),
      ),
    }
  }
  return textElement(tag, vr, textAs(dataset, element, vr))
}

/** An element of a value's text form, `Dataset.text`; empty where it has none. */
export function textElement(tag: number, vr: string, text: string): NewElement {
  if (text === '') return { tag, vr }
  if (isText(vr)) return { tag, vr, value: text }
  const big = vr === 'SV' || vr === 'UV'
  const numbers = text
    .split('\\')
    .map(each => (vr === 'AT' ? (tagOf(each) ?? 0) : big ? BigInt(each) : Number(each)))
  return { tag, vr, value: numbers as (number | bigint)[] }
}

/** (gggg,00bb) of a private (gggg,bbee), which says whose it is: PS3.5 §7.8.1. */
export const creatorElement = ({ tag, creator }: Key): NewElement[] =>
  creator === undefined ? [] : [{ tag: creatorTag(tag), vr: 'LO', value: creator }]

/** All of an item that has a text form, to be written elsewhere. */
function copyOf(item: Dataset): NewElement[] {
  return Array.from(item.elements())
    .filter(({ tag }) => (tag & 0xffff) !== 0 && tag !== specificCharacterSet)
    .flatMap((element): NewElement[] => {
      const { tag, items } = element
      if (items) return [{ tag, items: items.map(copyOf) }]
      const vr = element.vr === 'UN' ? (vrOf(tag) ?? 'UN') : element.vr
      return isText(vr) || isNumeric(vr) ? [textElement(tag, vr, textAs(item, element, vr))] : []
    })
}

const specificCharacterSet = 0x00080005

const isNumeric = (vr: string): boolean => readNumbers(new Uint8Array(), vr, false) !== undefined

/** The value as text though the encoding does not tell the VR; '' when it has no text form. */
function textAs(dataset: Dataset, element: Element, vr: string): string {
  if (element.vr !== 'UN' && element.vr === vr) return dataset.textOf(element) ?? ''
  // Numbers in a VR of text and the reverse, as some devices ask for them: what counts is the number.
  if (isText(vr) && isNumeric(element.vr)) return dataset.textOf(element) ?? ''
  if (isNumeric(vr) && isText(element.vr)) {
    const text = dataset.textOf(element) ?? ''
    return text.split('\\').every(each => /^\s*[+-]?\d+\s*$/.test(each)) ? text : ''
  }
  if (isText(vr)) return trimText(decodeText(element.value, vr, dataset.characterSet), vr)
  const numbers = readNumbers(element.value, vr, dataset.bigEndian && element.vr !== 'UN')
  return numbers ? formatNumbers(numbers, vr) : ''
}

function valuesAs(dataset: Dataset, element: Element, vr: string): string[] {
  const text = textAs(dataset, element, vr)
  return text === '' ? [] : splitText(text, vr)
}
