import type { Level } from '../../holdings/catalog/catalog.ts'
import { canEncode, type NewElement, vrOf, writeDataset } from '../../standard/dicom/dicom.ts'
import { levelName } from './findModels.ts'

/**
 * A response identifier (PS3.4 §C.4.1.1.3.2) in a character set that the asker can read: that of its
 * query, since it writes it; where that lacks letters of this answer, the first of `others` that has
 * them all, else the last. Text of ASCII alone names none.
 */
export function writeAnswer(
  elements: readonly NewElement[],
  level: Level,
  retrieveAeTitle: string,
  sets: { ofQuery: string; others: readonly string[] },
  transferSyntaxUid: string,
): Uint8Array {
  const texts = textsOf(elements)
  const wanted = [...(sets.ofQuery === '' ? [] : [sets.ofQuery]), ...sets.others]
  const chosen =
    texts.length === 0
      ? ''
      : (wanted.find(set => texts.every(({ text, vr }) => canEncode(text, vr, set))) ??
        wanted.at(-1)!)
  const head: NewElement[] = [
    ...(chosen === '' ? [] : [{ tag: 0x00080005, vr: 'CS', value: chosen }]),
    { tag: 0x00080052, vr: 'CS', value: levelName(level) },
    { tag: 0x00080054, vr: 'AE', value: retrieveAeTitle },
  ]
  const own = new Set(head.map(each => each.tag))
  const seen = new Set<number>()
  const rest = elements.filter(({ tag }) => {
    const number = tag as number
    const again = seen.has(number)
    seen.add(number)
    return !again && !own.has(number)
  })
  return writeDataset([...head, ...rest], transferSyntaxUid)
}

/** Texts that are not ASCII, with their VRs, those in items too. */
function textsOf(elements: readonly NewElement[]): { text: string; vr: string }[] {
  return elements.flatMap(({ tag, vr, value, items }) => {
    if (items) return items.flatMap(textsOf)
    if (typeof value !== 'string' || /^[\x00-\x7f]*$/.test(value)) return []
    return [{ text: value, vr: vr ?? vrOf(tag as number) ?? 'LO' }]
  })
}
