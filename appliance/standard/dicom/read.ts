import { constants, inflateRawSync } from 'node:zlib'
import { Fault } from '../../faults.ts'
import { Dataset, type Element } from './dataset.ts'
import { followsPixelRepresentation } from './dictionary.ts'
import { undefinedLength } from './lengths.ts'
import type { LevelKind, StructureListener } from './nesting.ts'
import { Structure } from './structure.ts'
import { encodingOf } from './transferSyntaxes.ts'
import { nameOf } from './vr.ts'

export interface ReadOptions {
  /** Stops before the first element of the dataset itself with this tag or a later one. */
  until?: number
  /** Gives what could be read of a cut or malformed dataset; its last value may be too short. */
  lenient?: boolean
  /** How text is read that is not ASCII and names no character set. Default: 'ISO_IR 100'. */
  defaultCharacterSet?: string
  /** How many bytes a deflated dataset may grow to; more is the fault `too-large`. */
  inflatedLimit?: number
}

const inflatedLimit = 512 * 1024 * 1024

/**
 * Reads a dataset that is in memory. Elements are views of `bytes`, or of the inflated bytes.
 * Faults: `dataset-truncated` when it ends within an element or with something open,
 * `dataset-malformed`, `too-large`. See `Structure` for what is read despite the standard.
 */
export function readDataset(
  bytes: Uint8Array,
  transferSyntaxUid: string,
  options: ReadOptions = {},
): Dataset {
  const encoding = encodingOf(transferSyntaxUid)
  const plain = encoding.deflated ? inflate(bytes, options) : bytes
  return readPlain(plain, encoding, options)
}

/** The same for bytes whose encoding is known and that are not deflated. */
export function readPlain(
  bytes: Uint8Array,
  encoding: { explicit: boolean; bigEndian: boolean },
  options: ReadOptions,
): Dataset {
  const reading = new Reading(bytes, encoding, options)
  try {
    reading.structure.push(bytes)
  } catch (thrown) {
    if (!options.lenient) throw thrown
    return reading.finish()
  }
  if (!reading.structure.whole && !options.lenient) {
    throw reading.structure.truncated()
  }
  return reading.finish()
}

function inflate(bytes: Uint8Array, options: ReadOptions): Uint8Array {
  try {
    return inflateRawSync(bytes, {
      maxOutputLength: options.inflatedLimit ?? inflatedLimit,
      ...(options.lenient ? { finishFlush: constants.Z_SYNC_FLUSH } : {}),
    })
  } catch (thrown) {
    throw inflateFault(thrown)
  }
}

export function inflateFault(thrown: unknown): Fault {
  const code = (thrown as NodeJS.ErrnoException).code
  if (code === 'ERR_BUFFER_TOO_LARGE') {
    return new Fault('too-large', 'the deflated dataset grows beyond the limit')
  }
  if (code === 'Z_BUF_ERROR') {
    return new Fault('dataset-truncated', 'the deflated dataset ends before its end')
  }
  return new Fault('dataset-malformed', 'the dataset is not deflated as its transfer syntax says')
}

/** Builds the tree from what the grammar tells, with a stack of its own. */
class Reading implements StructureListener {
  readonly structure: Structure
  readonly #bytes: Uint8Array
  readonly #until: number
  readonly #fallback: string | undefined
  readonly #root: Dataset
  /** What is open, the innermost last; datasets and the sequences or fragments between them. */
  readonly #open: (OpenDataset | OpenElement)[] = []
  #elements: Element[] = []
  #dataset: Dataset

  constructor(
    bytes: Uint8Array,
    encoding: { explicit: boolean; bigEndian: boolean },
    options: ReadOptions,
  ) {
    this.structure = new Structure(encoding, this)
    this.#bytes = bytes
    this.#until = options.until ?? Number.POSITIVE_INFINITY
    this.#fallback = options.defaultCharacterSet
    this.#root = this.#newDataset(encoding.bigEndian, undefined)
    this.#dataset = this.#root
  }

  topLevel(tag: number): boolean {
    return tag < this.#until
  }

  element(tag: number, vr: number, _at: number, valueAt: number, length: number): void {
    const name = this.structure.explicit ? nameOf(vr) : this.#implicitName(tag, vr)
    this.#elements.push(new BytesElement(this.#bytes, tag, name, valueAt, length, false))
  }

  sequence(tag: number, _vr: number, _at: number, valueAt: number, length: number): void {
    const items: Dataset[] = []
    const undefinedEnd = length === undefinedLength
    const element = new BytesElement(this.#bytes, tag, 'SQ', valueAt, 0, undefinedEnd, items)
    this.#elements.push(element)
    this.#open.push({ kind: 'sequence', element, items })
  }

  item(): void {
    this.#open.push({ kind: 'dataset', dataset: this.#dataset, elements: this.#elements })
    const sequence = this.#open.at(-2) as OpenElement & { kind: 'sequence' }
    this.#dataset = this.#newDataset(this.structure.bigEndian, this.#dataset)
    sequence.items.push(this.#dataset)
  }

  encapsulated(tag: number, vr: number, _at: number, valueAt: number): void {
    const fragments: Uint8Array[] = []
    const name = nameOf(vr)
    const element = new BytesElement(this.#bytes, tag, name, valueAt, 0, true, undefined, fragments)
    this.#elements.push(element)
    this.#open.push({ kind: 'fragments', element, fragments })
  }

  fragment(valueAt: number, length: number): void {
    const open = this.#open.at(-1) as OpenElement & { kind: 'fragments' }
    open.fragments.push(this.#bytes.subarray(valueAt, valueAt + length))
  }

  close(_kind: LevelKind, contentEnd: number): void {
    const open = this.#open.pop()!
    if (open.kind === 'dataset') {
      this.#dataset = open.dataset
      this.#elements = open.elements
    } else {
      open.element.length = contentEnd - open.element.offset
    }
  }

  /** What was read; what is still open ends with the bytes. */
  finish(): Dataset {
    for (const open of this.#open) {
      if (open.kind !== 'dataset') open.element.length = this.#bytes.length - open.element.offset
    }
    const last = this.#elements.at(-1) as BytesElement | undefined
    if (last) last.length = Math.min(last.length, this.#bytes.length - last.offset)
    return this.#root
  }

  #newDataset(bigEndian: boolean, parent: Dataset | undefined): Dataset {
    this.#elements = []
    return new Dataset(this.#elements, {
      bigEndian,
      parent,
      ...(this.#fallback === undefined ? {} : { defaultCharacterSet: this.#fallback }),
    })
  }

  /** "US or SS" is SS when PixelRepresentation, here or around, is 1: PS3.3 §C.7.6.3. */
  #implicitName(tag: number, vr: number): string {
    const name = nameOf(vr)
    if (name !== 'US' || !followsPixelRepresentation(tag)) return name
    let elements: readonly Element[] | undefined = this.#elements
    for (let i = this.#open.length; i >= 0 && elements; i--) {
      const found = elements.find(element => element.tag === pixelRepresentation)
      if (found) return found.value[0] === 1 || found.value[1] === 1 ? 'SS' : 'US'
      const outer: OpenDataset | OpenElement | undefined = this.#open[i - 1]
      if (outer?.kind === 'dataset') elements = outer.elements
    }
    return name
  }
}

const pixelRepresentation = 0x00280103

interface OpenDataset {
  kind: 'dataset'
  dataset: Dataset
  elements: Element[]
}

type OpenElement =
  | { kind: 'sequence'; element: BytesElement; items: Dataset[] }
  | { kind: 'fragments'; element: BytesElement; fragments: Uint8Array[] }

class BytesElement implements Element {
  readonly tag: number
  readonly vr: string
  readonly offset: number
  length: number
  readonly undefinedLength: boolean
  readonly items: Dataset[] | undefined
  readonly fragments: Uint8Array[] | undefined
  readonly #bytes: Uint8Array

  constructor(
    bytes: Uint8Array,
    tag: number,
    vr: string,
    offset: number,
    length: number,
    undefinedLength: boolean,
    items?: Dataset[],
    fragments?: Uint8Array[],
  ) {
    this.#bytes = bytes
    this.tag = tag
    this.vr = vr
    this.offset = offset
    this.length = length
    this.undefinedLength = undefinedLength
    this.items = items
    this.fragments = fragments
  }

  get value(): Uint8Array {
    return this.#bytes.subarray(this.offset, this.offset + this.length)
  }
}
