import { tagOf, vrOf } from './dictionary.ts'
import { formatNumbers, readNumbers } from './numbers.ts'
import { decodeText, defaultCharacterSet, splitText, trimText } from './text.ts'
import { isText } from './vr.ts'

/** One data element as it stands in the bytes of a dataset. */
export interface Element {
  readonly tag: number
  /** As encoded, or the dictionary's; SQ for everything that has items. */
  readonly vr: string
  /** Of the value, from the first byte of the (inflated) dataset; also inside items. */
  readonly offset: number
  /** Of the value in bytes; where a delimiter ends it, without the delimiter. */
  readonly length: number
  /** Whether a delimiter ended it and not its length. */
  readonly undefinedLength: boolean
  /** A view of the value, items and all; nothing is copied. */
  readonly value: Uint8Array
  readonly items?: readonly Dataset[] | undefined
  /** Of encapsulated pixel data, the basic offset table first: PS3.5 §A.4. */
  readonly fragments?: readonly Uint8Array[] | undefined
}

/**
 * A dataset that was read: its elements in the order of the bytes, which stay where they are. Of a
 * tag that comes twice the first counts.
 */
export class Dataset {
  readonly bigEndian: boolean
  /** The dataset whose item this is. */
  readonly parent: Dataset | undefined
  readonly #elements: readonly Element[]
  readonly #fallback: string
  #ascending: boolean | undefined
  #byTag: Map<number, Element> | undefined
  #characterSet: string | undefined

  constructor(
    elements: readonly Element[],
    options: {
      bigEndian?: boolean
      parent?: Dataset | undefined
      defaultCharacterSet?: string
    } = {},
  ) {
    this.#elements = elements
    this.bigEndian = options.bigEndian ?? false
    this.parent = options.parent
    this.#fallback = options.defaultCharacterSet ?? defaultCharacterSet
  }

  elements(): Iterable<Element> {
    return this.#elements
  }

  get(tagOrKeyword: number | string): Element | undefined {
    const tag = typeof tagOrKeyword === 'number' ? tagOrKeyword : tagOf(tagOrKeyword)
    if (tag === undefined) return undefined
    this.#ascending ??= this.#elements.every(
      (each, i, all) => i === 0 || all[i - 1]!.tag < each.tag,
    )
    return this.#ascending ? this.#search(tag) : this.#index().get(tag)
  }

  #index(): ReadonlyMap<number, Element> {
    if (!this.#byTag) {
      this.#byTag = new Map()
      for (const each of this.#elements)
        if (!this.#byTag.has(each.tag)) this.#byTag.set(each.tag, each)
    }
    return this.#byTag
  }

  /** Nearly every dataset is in order; an index would cost more than all questions asked of it. */
  #search(tag: number): Element | undefined {
    let low = 0
    let high = this.#elements.length - 1
    while (low <= high) {
      const middle = (low + high) >>> 1
      const element = this.#elements[middle]!
      if (element.tag === tag) return element
      if (element.tag < tag) low = middle + 1
      else high = middle - 1
    }
    return undefined
  }

  /** SpecificCharacterSet as written here or, failing that, around this item; '' for none. */
  get characterSet(): string {
    if (this.#characterSet === undefined) {
      const own = this.get(specificCharacterSet)
      this.#characterSet = own
        ? trimText(decodeText(own.value, 'CS', ''), 'CS')
        : (this.parent?.characterSet ?? '')
    }
    return this.#characterSet
  }

  /**
   * The value as text: strings decoded, without padding, several joined by '\'; numbers in decimal;
   * tags as 'gggg,eeee'. '' when it is empty, undefined when the element is missing or has no
   * text form (sequences, bulk data, unknown private elements).
   */
  text(tagOrKeyword: number | string): string | undefined {
    const element = this.get(tagOrKeyword)
    return element && this.textOf(element)
  }

  /** `text` of an element of this dataset. */
  textOf(element: Element): string | undefined {
    const vr = vrWithin(element)
    if (isText(vr)) return trimText(this.#decode(element, vr), vr)
    // What became UN on its way is little endian: PS3.5 §6.2.2
    const numbers = readNumbers(element.value, vr, this.bigEndian && element.vr !== 'UN')
    return numbers && formatNumbers(numbers, vr)
  }

  /** The text of a text element as it is written, padding and all; undefined of others. */
  paddedTextOf(element: Element): string | undefined {
    const vr = vrWithin(element)
    return isText(vr) ? this.#decode(element, vr) : undefined
  }

  /** The values of a text element, each without padding; of others, `text` as the only one. */
  strings(tagOrKeyword: number | string): string[] {
    const element = this.get(tagOrKeyword)
    if (!element) return []
    const vr = vrWithin(element)
    if (isText(vr)) return splitText(this.#decode(element, vr), vr)
    const text = this.textOf(element)
    return text ? text.split('\\') : []
  }

  /** The values as numbers, of binary and of decimal text elements; what is no number is left out. */
  numbers(tagOrKeyword: number | string): number[] {
    const numbers = this.strings(tagOrKeyword)
      .filter(text => text !== '')
      .map(Number)
    return numbers.filter(number => !Number.isNaN(number))
  }

  items(tagOrKeyword: number | string): readonly Dataset[] {
    return this.get(tagOrKeyword)?.items ?? []
  }

  #decode(element: Element, vr: string): string {
    return decodeText(element.value, vr, this.characterSet, this.#fallback)
  }
}

const specificCharacterSet = 0x00080005

/** UN of an element that the dictionary knows is what the dictionary says: PS3.5 §6.2.2. */
function vrWithin(element: Element): string {
  return element.vr === 'UN' ? (vrOf(element.tag) ?? 'UN') : element.vr
}
