/**
 * What comes back over the wire, read here and not by the appliance: PDUs of PS3.8 §9.3, and the
 * command sets of PS3.7 §6.3 in their P-DATA-TF.
 */
export type Answer =
  | { pdu: 'A-ASSOCIATE-AC'; contexts: Record<number, ContextAnswer>; user: Record<number, string> }
  | { pdu: 'A-ASSOCIATE-RJ'; result: number; source: number; reason: number }
  | { pdu: 'A-RELEASE-RQ' | 'A-RELEASE-RP' }
  | { pdu: 'A-ABORT'; source: number; reason: number }
  | Message

export interface Message {
  pdu: 'P-DATA-TF'
  contextId: number
  /** 8001H for C-STORE-RSP, PS3.7 table E.1-1. */
  field: number
  /** Message ID Being Responded To, or Message ID. */
  messageId: number
  status: number
  errorComment?: string
  dataset?: Buffer
}

/** PS3.8 table 9-18. */
export type ContextAnswer =
  | 'accepted'
  | 'user-rejection'
  | 'no-reason'
  | 'abstract-syntax-not-supported'
  | 'transfer-syntaxes-not-supported'

const results: readonly ContextAnswer[] = [
  'accepted',
  'user-rejection',
  'no-reason',
  'abstract-syntax-not-supported',
  'transfer-syntaxes-not-supported',
]

/** Takes bytes as they come, and gives every PDU but P-DATA-TF, and every message, once whole. */
export function createReading(onAnswer: (answer: Answer) => void): (chunk: Buffer) => void {
  let waiting: Buffer[] = []
  let have = 0
  let pieces: Buffer[] = []
  let command: Message | undefined
  const take = (body: Buffer) => {
    for (let at = 0; at < body.length; ) {
      const length = body.readUInt32BE(at)
      const control = body[at + 5]!
      pieces.push(body.subarray(at + 6, at + 4 + length))
      if (control & 2) {
        const whole = Buffer.concat(pieces)
        pieces = []
        if (control & 1) command = readCommand(body[at + 4]!, whole)
        else if (command) command.dataset = whole
        if (command && (!(control & 1) || !hasDataset(whole))) onAnswer(command)
      }
      at += 4 + length
    }
  }
  return chunk => {
    waiting.push(chunk)
    have += chunk.length
    while (have >= 6) {
      const all = waiting.length === 1 ? waiting[0]! : Buffer.concat(waiting)
      waiting = [all]
      const end = 6 + all.readUInt32BE(2)
      if (have < end) return
      const body = all.subarray(6, end)
      waiting = [all.subarray(end)]
      have -= end
      if (all[0] === 0x04) take(body)
      else onAnswer(readControl(all[0]!, body))
    }
  }
}

function readControl(type: number, body: Buffer): Answer {
  if (type === 0x02) return readAccept(body)
  if (type === 0x03)
    return { pdu: 'A-ASSOCIATE-RJ', result: body[1]!, source: body[2]!, reason: body[3]! }
  if (type === 0x05) return { pdu: 'A-RELEASE-RQ' }
  if (type === 0x06) return { pdu: 'A-RELEASE-RP' }
  if (type === 0x07) return { pdu: 'A-ABORT', source: body[2]!, reason: body[3]! }
  throw new Error(`the appliance sent a PDU of type ${type}`)
}

function readAccept(body: Buffer): Answer {
  const contexts: Record<number, ContextAnswer> = {}
  const user: Record<number, string> = {}
  for (const { type, contents } of itemsOf(body.subarray(68))) {
    if (type === 0x21) contexts[contents[0]!] = results[contents[2]!]!
    if (type === 0x50)
      for (const sub of itemsOf(contents)) user[sub.type] = sub.contents.toString('hex')
  }
  return { pdu: 'A-ASSOCIATE-AC', contexts, user }
}

function itemsOf(bytes: Buffer): { type: number; contents: Buffer }[] {
  const items: { type: number; contents: Buffer }[] = []
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt16BE(at + 2)
    items.push({ type: bytes[at]!, contents: bytes.subarray(at + 4, at + 4 + length) })
    at += 4 + length
  }
  return items
}

function elementsOf(bytes: Buffer): Map<number, Buffer> {
  const elements = new Map<number, Buffer>()
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt32LE(at + 4)
    const tag = bytes.readUInt16LE(at) * 0x10000 + bytes.readUInt16LE(at + 2)
    elements.set(tag, bytes.subarray(at + 8, at + 8 + length))
    at += 8 + length
  }
  return elements
}

const hasDataset = (commandSet: Buffer) =>
  elementsOf(commandSet).get(0x00000800)?.readUInt16LE() !== 0x0101

function readCommand(contextId: number, bytes: Buffer): Message {
  const elements = elementsOf(bytes)
  const number = (tag: number) => elements.get(tag)?.readUInt16LE() ?? -1
  const comment = elements.get(0x00000902)?.toString('latin1').trimEnd()
  return {
    pdu: 'P-DATA-TF',
    contextId,
    field: number(0x0100),
    messageId: elements.has(0x0120) ? number(0x0120) : number(0x0110),
    status: number(0x0900),
    ...(comment === undefined ? {} : { errorComment: comment }),
  }
}
