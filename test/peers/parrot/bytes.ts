/**
 * Bytes of PS3.8 PDUs and PS3.7 messages, put together here field by field, so that no code of the
 * appliance has a hand in what it is tested with. Nothing is checked: a parrot must be able to lie.
 */
export type Part = Uint8Array | string | readonly number[]

/** Parts one after the other: bytes as they are, numbers as one byte each, text as ISO 646. */
export function bytes(...parts: readonly Part[]): Buffer {
  return Buffer.concat(
    parts.map(part => (typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part))),
  )
}

export const u16 = (value: number) => [(value >> 8) & 255, value & 255]
export const u32 = (value: number) => [...u16(value >>> 16), ...u16(value)]
export const u16le = (value: number) => u16(value).toReversed()
export const u32le = (value: number) => u32(value).toReversed()

// PS3.8 §9.3: PDUs and their items, big-endian

/** Type, reserved byte, length of 32 bits, contents; `length` may say something else. */
export function pdu(type: number, contents: Part, length = bytes(contents).length): Buffer {
  return bytes([type, 0], u32(length), contents)
}

/** Type, reserved byte, length of 16 bits, contents; `length` may say something else. */
export function item(type: number, contents: Part, length = bytes(contents).length): Buffer {
  return bytes([type, 0], u16(length), contents)
}

export const uids = {
  applicationContext: '1.2.840.10008.3.1.1.1',
  verification: '1.2.840.10008.1.1',
  ctImage: '1.2.840.10008.5.1.4.1.1.2',
  mrImage: '1.2.840.10008.5.1.4.1.1.4',
  studyRootFind: '1.2.840.10008.5.1.4.1.2.2.1',
  implicitLittleEndian: '1.2.840.10008.1.2',
  explicitLittleEndian: '1.2.840.10008.1.2.1',
} as const

export interface ProposedContext {
  id: number
  abstractSyntax: string
  transferSyntaxes?: readonly string[]
}

/** A proposed presentation context, PS3.8 §9.3.2.2: id, three reserved bytes, sub-items. */
export function context(proposed: ProposedContext): Buffer {
  const { id, abstractSyntax, transferSyntaxes = [uids.implicitLittleEndian] } = proposed
  return item(
    0x20,
    bytes(
      [id, 0, 0, 0],
      item(0x30, abstractSyntax),
      ...transferSyntaxes.map(uid => item(0x40, uid)),
    ),
  )
}

/** Context 1 is Verification, 3 CT Image Storage, 5 Study Root FIND, all Implicit VR. */
export const usualContexts: readonly ProposedContext[] = [
  { id: 1, abstractSyntax: uids.verification },
  { id: 3, abstractSyntax: uids.ctImage },
  { id: 5, abstractSyntax: uids.studyRootFind },
]

export const maximumLength = (length: number) => item(0x51, u32(length))
export const implementationClass = item(0x52, '1.2.826.0.1.3680043.10.99')

export interface Request {
  version?: number
  called?: string
  calling?: string
  applicationContext?: string
  contexts?: readonly ProposedContext[]
  /** The sub-items of the User Information item. */
  user?: readonly Part[]
  /** Items between the contexts and the user information. */
  more?: readonly Part[]
}

/** The fields of an A-ASSOCIATE-RQ (PS3.8 §9.3.2) after type and length, each by its name. */
export function requestFields(request: Request = {}): { name: string; bytes: Buffer }[] {
  const user = bytes(...(request.user ?? [maximumLength(16384), implementationClass]))
  return [
    { name: 'protocol version', bytes: bytes(u16(request.version ?? 1)) },
    { name: 'reserved two bytes', bytes: bytes([0, 0]) },
    { name: 'called AE title', bytes: bytes((request.called ?? 'WAYSTATION').padEnd(16)) },
    { name: 'calling AE title', bytes: bytes((request.calling ?? 'PARROT').padEnd(16)) },
    { name: 'reserved 32 bytes', bytes: Buffer.alloc(32) },
    {
      name: 'application context',
      bytes: item(0x10, request.applicationContext ?? uids.applicationContext),
    },
    {
      name: 'presentation contexts',
      bytes: bytes(...(request.contexts ?? usualContexts).map(context), ...(request.more ?? [])),
    },
    { name: 'user information', bytes: item(0x50, user) },
  ]
}

export function associate(request: Request = {}): Buffer {
  return pdu(0x01, bytes(...requestFields(request).map(field => field.bytes)))
}

/** A-RELEASE-RQ, -RP and A-ABORT, PS3.8 §9.3.6 to §9.3.8: four bytes each. */
export const releaseRq = pdu(0x05, [0, 0, 0, 0])
export const releaseRp = pdu(0x06, [0, 0, 0, 0])
export const abort = pdu(0x07, [0, 0, 0, 0])

/** The message control header, PS3.8 Annex E.2. */
export const fragment = { dataset: 0, command: 1, lastDataset: 2, lastCommand: 3 } as const

/** Length of 32 bits, context id, message control header, contents; `length` may lie. */
export function pdv(
  contextId: number,
  control: number,
  contents: Part,
  length = bytes(contents).length + 2,
): Buffer {
  return bytes(u32(length), [contextId, control], contents)
}

export function data(...pdvs: readonly Part[]): Buffer {
  return pdu(0x04, bytes(...pdvs))
}

// PS3.7 §6.3: command sets and, here, datasets in Implicit VR Little Endian

/** Group, element, length of 32 bits, value; odd values are not padded, and `length` may lie. */
export function element(tag: number, value: Part, length = bytes(value).length): Buffer {
  return bytes(u16le(tag >>> 16), u16le(tag & 0xffff), u32le(length), value)
}

/** A UID as a value: padded to even length by a NUL (PS3.5 §9.1). */
export const uid = (text: string) => (text.length % 2 === 0 ? text : `${text}\0`)

export const groupLength = (length: number) => element(0x00000000, u32le(length))

/** A command set: its elements with the Command Group Length before them, PS3.7 §E.1. */
export function commandSet(...elements: readonly Part[]): Buffer {
  const rest = bytes(...elements)
  return bytes(groupLength(rest.length), rest)
}

/** Command Data Set Type: 0101H is none, anything else is one (PS3.7 §E.1). */
const withDataset = { yes: 0x0000, no: 0x0101 }

export interface Command {
  sopClassUid?: string
  field: number
  messageId: number
  dataset?: boolean
  more?: readonly Part[]
}

export function command({ sopClassUid, field, messageId, dataset, more = [] }: Command): Buffer {
  return commandSet(
    ...(sopClassUid ? [element(0x00000002, uid(sopClassUid))] : []),
    element(0x00000100, u16le(field)),
    element(0x00000110, u16le(messageId)),
    ...more,
    element(0x00000800, u16le(dataset ? withDataset.yes : withDataset.no)),
  )
}

export const echoCommand = (messageId = 1) =>
  command({ sopClassUid: uids.verification, field: 0x0030, messageId })

export const echo = (messageId = 1) => data(pdv(1, fragment.lastCommand, echoCommand(messageId)))

/** C-STORE-RQ, PS3.7 §9.3.1.1, its elements in the order of their tags. */
export function storeCommand(
  options: { messageId?: number; sopInstanceUid?: string; sopClassUid?: string } = {},
): Buffer {
  const { messageId = 1, sopInstanceUid = instanceUid, sopClassUid = uids.ctImage } = options
  return commandSet(
    element(0x00000002, uid(sopClassUid)),
    element(0x00000100, u16le(0x0001)),
    element(0x00000110, u16le(messageId)),
    element(0x00000700, u16le(0)),
    element(0x00000800, u16le(withDataset.yes)),
    element(0x00001000, uid(sopInstanceUid)),
  )
}

export const instanceUid = '1.2.826.0.1.3680043.10.99.1'

/** What a parrot stores: SOP Class and Instance UID, and some private bytes to make it longer. */
export function image(extra = 0, sopInstanceUid = instanceUid): Buffer {
  return bytes(
    element(0x00080016, uid(uids.ctImage)),
    element(0x00080018, uid(sopInstanceUid)),
    element(0x7fe00010, Buffer.alloc(extra, 0x5a)),
  )
}

/** A whole C-STORE in two P-DATA-TF: the command, then the dataset. */
export function store(
  options: { messageId?: number; sopInstanceUid?: string; dataset?: Uint8Array } = {},
): Buffer {
  const dataset = options.dataset ?? image(0, options.sopInstanceUid)
  return bytes(
    data(pdv(3, fragment.lastCommand, storeCommand(options))),
    data(pdv(3, fragment.lastDataset, dataset)),
  )
}

/** Contents in presentation data values of at most `size` bytes, the last one marked as such. */
export function pieces(contextId: number, kind: 'command' | 'dataset', contents: Buffer, size = 1) {
  const parts: Buffer[] = []
  for (let at = 0; at < contents.length; at += size) {
    const last = at + size >= contents.length ? 2 : 0
    parts.push(
      pdv(contextId, (kind === 'command' ? 1 : 0) | last, contents.subarray(at, at + size)),
    )
  }
  return parts
}
