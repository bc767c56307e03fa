import { ascii, textOf } from './fields.ts'
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

const byElement = new Map(
  Object.entries(elements).map(([name, [element, vr]]) => [
    element as number,
    { name: name as keyof Elements, vr },
  ]),
)

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
export function encodeCommand(command: Command): Uint8Array {
  const parts: { element: number; value: Uint8Array }[] = []
  let length = 0
  for (const [name, [element, vr]] of Object.entries(elements)) {
    const value = command[name as keyof Elements]
    if (value === undefined) continue
    const bytes = encodeValue(vr, value)
    parts.push({ element, value: bytes })
    length += elementHeaderLength + bytes.length
  }
  const out = Buffer.alloc(elementHeaderLength + 4 + length)
  out.writeUInt32LE(4, 4)
  out.writeUInt32LE(length, 8)
  let at = elementHeaderLength + 4
  for (const { element, value } of parts) {
    out.writeUInt16LE(element, at + 2)
    out.writeUInt32LE(value.length, at + 4)
    out.set(value, at + elementHeaderLength)
    at += elementHeaderLength + value.length
  }
  return out
}

function encodeValue(vr: keyof Values, value: string | number | number[]): Uint8Array {
  if (typeof value === 'number') return Uint8Array.of(value, value >> 8)
  if (typeof value === 'string') {
    const text = vr === 'LO' ? commentOf(value) : value
    return ascii(text.length % 2 === 0 ? text : text + (vr === 'UI' ? '\0' : ' '))
  }
  const tags = Buffer.alloc(4 * value.length)
  for (const [index, tag] of value.entries()) {
    tags.writeUInt16LE(tag >>> 16, 4 * index)
    tags.writeUInt16LE(tag & 0xffff, 4 * index + 2)
  }
  return tags
}

/** LO in the default repertoire: no control characters, no backslash, 64 characters. */
function commentOf(text: string): string {
  return text.replace(/[^\x20-\x5b\x5d-\x7e]/g, '?').slice(0, longestComment)
}

function hex4(value: number): string {
  return value.toString(16).padStart(4, '0')
}
