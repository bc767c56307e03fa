import type { AssociationInfo } from '../../standard/dimse/dimse.ts'

/** What may be agreed on for C-FIND, in the order of its bytes: PS3.4 §C.5.1.1. */
const options = [
  'relational',
  'combinedDateTimes',
  'fuzzyNames',
  'timezoneAdjustment',
  'enhancedConversion',
  'emptyValues',
  'multipleValues',
] as const

export type Agreed = Readonly<Record<(typeof options)[number], boolean>>

const offered = new Set<string>([
  ...['relational', 'combinedDateTimes', 'fuzzyNames', 'emptyValues', 'multipleValues'],
])

/** Our answer: one byte for each that was proposed, 1 for what is done here. */
export const answerExtended = (proposed: Uint8Array): Uint8Array =>
  Uint8Array.from(proposed.subarray(0, options.length), (byte, at) =>
    byte === 1 && offered.has(options[at]!) ? 1 : 0,
  )

/** What holds on an association for a SOP class; without negotiation, nothing of it. */
export function agreedOn(association: AssociationInfo, sopClassUid: string): Agreed {
  const bytes = association.extended?.find(
    each => each.sopClassUid === sopClassUid,
  )?.applicationInformation
  return Object.fromEntries(options.map((name, at) => [name, bytes?.[at] === 1])) as Agreed
}
