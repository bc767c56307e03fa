import { textOf } from './fields.ts'
import { Violation } from './violation.ts'

/** Elements of command sets, PS3.7 Annex E: tag in group 0000, VR, keyword. */
const elements = {
  affectedSopClassUid: [0x0002, 'UI'],
  requestedSopClassUid: [0x0003, 'UI'],
  commandField: [0x0100, 'US'],
  messageId: [0x0110, 'US'],
  messageIdBeingRespondedTo: [0x0120, 'US'],
  moveDestination: [0x0600, 'AE'],
  priority: [0x0700, 'US'],
  commandDataSetType: [0x0800, 'US'],
  status: [0x0900, 'US'],
  offendingElement: [0x0901, 'AT'],
  errorComment: [0x0902, 'LO'],
  errorId: [0x0903, 'US'],
  affectedSopInstanceUid: [0x1000, 'UI'],
  requestedSopInstanceUid: [0x1001, 'UI'],
  eventTypeId: [0x1002, 'US'],
  attributeIdentifierList: [0x1005, 'AT'],
  actionTypeId: [0x1008, 'US'],
  numberOfRemainingSuboperations: [0x1020, 'US'],
  numberOfCompletedSuboperations: [0x1021, 'US'],
  numberOfFailedSuboperations: [0x1022, 'US'],
  numberOfWarningSuboperations: [0x1023, 'US'],
  moveOriginatorAeTitle: [0x1030, 'AE'],
  moveOriginatorMessageId: [0x1031, 'US'],
} as const

type Elements = typeof elements
type Values = { UI: string; AE: string; LO: string; US: number; AT: number[] }

/** A command set; what is absent is absent. UIDs and texts are without padding. */
export type Command = { -readonly [name in keyof Elements]?: Values[Elements[name][1]] }

/** (0000,0800) when no dataset follows; any other value says that one does. */
export const noDataset = 0x0101

/** In the order of their tags, as they are written above. */
const ascending = Object.entries(elements).map(([name, [element, vr]]) => ({
  name: name as keyof Elements,
  element: element as number,
  vr,
}))

const byElement = new Map(ascending.map(each => [each.element, each]))

const elementHeaderLength = 8

/**
 * Reads a command set: Implicit VR Little Endian, whatever the context's transfer syntax (PS3.7
 * §6.3.1). Forgives what old peers do: a wrong group length, elements out of order or unknown, odd
 * lengths, values padded by spaces or NULs. An element that runs past the end is a violation.
 */
export function decodeCommand(bytes: Uint8Array): Command {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const command: Record<string, string | number | number[]> = {}
  let at = 0
  while (at < bytes.length) {
    if (at + elementHeaderLength > bytes.length)
      throw new Violation('invalidParameter', 'the command set ends inside an element')
    const group = view.getUint16(at, true)
    const element = view.getUint16(at + 2, true)
    const length = view.getUint32(at + 4, true)
    at += elementHeaderLength
    if (at + length > bytes.length)
      throw new Violation(
        'invalidParameter',
        `command element (${hex4(group)},${hex4(element)}) of ${length} bytes where ${bytes.length - at} are left`,
      )
    const known = group === 0 ? byElement.get(element) : undefined
    if (known) {
      if (known.vr === 'US') {
        if (length >= 2) command[known.name] = view.getUint16(at, true)
      } else if (known.vr === 'AT') {
        const tags: number[] = []
        for (let tag = at; tag + 4 <= at + length; tag += 4)
          tags.push(view.getUint16(tag, true) * 0x10000 + view.getUint16(tag + 2, true))
        command[known.name] = tags
      } else command[known.name] = textOf(bytes.subarray(at, at + length))
    }
    at += length
  }
  return command as Command
}

const longestComment = 64

/** Elements in ascending order, behind a group length that is right. */
export function encodeCommand(given: Command): Uint8Array {
  const command =
    given.errorComment === undefined
      ? given
      : { ...given, errorComment: commentOf(given.errorComment) }
  let length = 0
  for (const { name } of ascending) {
    const value = command[name]
    if (value !== undefined) length += elementHeaderLength + lengthOf(value)
  }
  // Padding is left as the NUL that UIDs want; texts overwrite it.
  const out = Buffer.allocUnsafe(elementHeaderLength + 4 + length).fill(0)
  out.writeUInt32LE(4, 4)
  out.writeUInt32LE(length, 8)
  let at = elementHeaderLength + 4
  for (const { name, element, vr } of ascending) {
    const value = command[name]
    if (value === undefined) continue
    const valueLength = lengthOf(value)
    out.writeUInt16LE(element, at + 2)
    out.writeUInt32LE(valueLength, at + 4)
    at += elementHeaderLength
    writeValue(out, at, vr, value)
    at += valueLength
  }
  return out
}

function lengthOf(value: string | number | number[]): number {
  if (typeof value === 'number') return 2
  return typeof value === 'string' ? value.length + (value.length % 2) : 4 * value.length
}

function writeValue(
  out: Buffer,
  at: number,
  vr: keyof Values,
  value: string | number | number[],
): void {
  if (typeof value === 'number') out.writeUInt16LE(value & 0xffff, at)
  else if (typeof value === 'string') {
    out.write(value, at, 'latin1')
    if (vr !== 'UI' && value.length % 2 === 1) out[at + value.length] = 0x20
  } else
    for (const [index, tag] of value.entries()) {
      out.writeUInt16LE(tag >>> 16, at + 4 * index)
      out.writeUInt16LE(tag & 0xffff, at + 4 * index + 2)
    }
}

/** LO in the default repertoire: no control characters, no backslash, 64 characters. */
function commentOf(text: string): string {
  return text.replace(/[^\x20-\x5b\x5d-\x7e]/g, '?').slice(0, longestComment)
}

function hex4(value: number): string {
  return value.toString(16).padStart(4, '0')
}
