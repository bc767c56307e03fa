import type { Dataset, Element } from '../../standard/dicom/dicom.ts'
import {
  formatTag,
  isPrivate,
  isPrivateCreator,
  isText,
  keywordOf,
  vrOf,
} from '../../standard/dicom/dicom.ts'
import type { TagFormat } from './arguments.ts'
import { creatorOf, type Dictionary } from './dictionary.ts'
import type { Json, JsonObject } from './json.ts'

/** DICOM datasets as Orthanc says them in JSON. */

/** Longer texts are not shown unless asked for. */
export const longestText = 256

export interface Shown {
  format: TagFormat
  /** Tags whose texts are shown however long. */
  ignoreLength?: ReadonlySet<number>
  /** Only these, at the top; all when absent. */
  only?: ReadonlySet<number>
  /** Not these, at the top. */
  without?: ReadonlySet<number>
  /** An element that the dataset was not read to: its pixel data. */
  pixelData?: number | undefined
  /** Names of tags that the standard has not. */
  names?: Dictionary['nameOf']
}

export function datasetJson(dataset: Dataset, shown: Shown): JsonObject {
  const out: Record<string, Json> = {}
  for (const element of dataset.elements()) {
    if (shown.without?.has(element.tag)) continue
    if (shown.only && !shown.only.has(element.tag)) continue
    put(
      out,
      element.tag,
      shown.format,
      creatorOf(dataset, element.tag),
      shownValue(dataset, element, shown),
      shown.names,
    )
  }
  if (shown.pixelData !== undefined && (!shown.only || shown.only.has(shown.pixelData))) {
    put(out, shown.pixelData, shown.format, undefined, { type: 'Null', value: null })
  }
  return out
}

/** What another node told of a resource. */
export const answerJson = (
  { applied, nameOf: names }: Dictionary,
  answer: Dataset,
  format: TagFormat,
): JsonObject => datasetJson(applied(answer), { format, names })

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
  names?: Dictionary['nameOf'],
): void {
  const name = () => names?.(tag, privateCreator) ?? nameOf(tag)
  if (format === 'human') out[name()] = value
  else if (format === 'short') out[formatTag(tag)] = value
  else {
    out[formatTag(tag)] = {
      Name: name(),
      PrivateCreator: privateCreator,
      Type: type,
      Value: value,
    }
  }
}

function shownValue(dataset: Dataset, element: Element, shown: Shown): Value {
  if (element.items) {
    const { only: _, without: __, pixelData: ___, ...inner } = shown
    return { type: 'Sequence', value: element.items.map(item => datasetJson(item, inner)) }
  }
  const text = isShownAsText(element) ? textOf(dataset, element) : undefined
  if (text === undefined) return { type: 'Null', value: null }
  if (text.length > longestText && !shown.ignoreLength?.has(element.tag)) {
    return { type: 'TooLong', value: null }
  }
  return { type: 'String', value: text }
}

/** Floating-point numbers are printed as C's `%.17g` does, others as they are everywhere. */
function textOf(dataset: Dataset, element: Element): string | undefined {
  const { value, vr } = element
  const size = vr === 'FD' ? 8 : vr === 'FL' ? 4 : 0
  if (size === 0) {
    const padded = dataset.paddedTextOf(element)
    return padded === undefined ? dataset.textOf(element) : withoutPadding(padded, vr)
  }
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength)
  const texts: string[] = []
  for (let at = 0; at + size <= value.byteLength; at += size) {
    const little = !dataset.bigEndian
    texts.push(general(size === 8 ? view.getFloat64(at, little) : view.getFloat32(at, little)))
  }
  return texts.join('\\')
}

/**
 * As Orthanc has it of DCMTK: of a text only spaces at its end are padding (PS3.5 §6.2), not ends of lines,
 * and a zero byte ends it; what came as UN may have been anything, so its spaces stay.
 */
function withoutPadding(text: string, vr: string): string {
  const zero = text.indexOf('\0')
  if (vr === 'UI') {
    const uids = (zero < 0 ? text : text.slice(0, zero)).split('\\')
    return uids.map(uid => uid.trim()).join('\\')
  }
  let end = text.length
  if (vr !== 'UN') while (text[end - 1] === ' ') end--
  return text.slice(0, zero < 0 ? end : Math.min(zero, end))
}

/** C's `%.17g`: no zeros at the end, an exponent of two digits below 1e-4 and from 1e17 on. */
export function general(number: number): string {
  if (!Number.isFinite(number)) return Number.isNaN(number) ? 'nan' : number < 0 ? '-inf' : 'inf'
  if (number === 0) return Object.is(number, -0) ? '-0' : '0'
  const [mantissa, exponent] = rounded(Math.abs(number)).split('e') as [string, string]
  const digits = mantissa.replace('.', '').replace(/0+$/, '')
  const power = Number(exponent)
  const sign = number < 0 ? '-' : ''
  if (power < -4 || power >= 17) {
    const rest = digits.length > 1 ? `.${digits.slice(1)}` : ''
    const direction = power < 0 ? '-' : '+'
    return `${sign}${digits[0]}${rest}e${direction}${String(Math.abs(power)).padStart(2, '0')}`
  }
  if (power < 0) return `${sign}0.${'0'.repeat(-power - 1)}${digits}`
  const whole = digits.slice(0, power + 1).padEnd(power + 1, '0')
  return `${sign}${whole}${digits.length > power + 1 ? `.${digits.slice(power + 1)}` : ''}`
}

/** To 17 digits; of two equally near C takes the even one, where ECMAScript takes the larger. */
function rounded(number: number): string {
  const exact = number.toExponential(60)
  const isTie = /^50*e/.test(exact.slice(18))
  const isEven = Number(exact[17]) % 2 === 0
  const down = `${exact.slice(0, 18)}e${exact.split('e')[1]}`
  return isTie && isEven ? down : number.toExponential(16)
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
  if ((tag & 0xffff) === 0 && tag !== 0x00020000) {
    return isPrivate(tag) ? 'PrivateGroupLength' : 'GenericGroupLength'
  }
  return keywordOf(tag) ?? unknownName
}
