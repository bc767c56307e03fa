import { Fault } from '../../faults.ts'
import { ascii, FieldReader, item, joined, textOf, u16, u32 } from './fields.ts'
import { decodeUserInformation, encodeUserInformation, type UserInformation } from './items.ts'
import type { ProposedContext } from './negotiation.ts'
import { Violation } from './violation.ts'
import { pduType } from './vocabulary.ts'

/** A-ASSOCIATE-RQ, PS3.8 §9.3.2. */
export interface AssociateRq {
  /** Bit 0 is version 1, the only one there is. */
  protocolVersion: number
  calledAeTitle: string
  callingAeTitle: string
  applicationContext: string
  contexts: ProposedContext[]
  user: UserInformation
}

/** A-ASSOCIATE-AC, PS3.8 §9.3.3; the AE titles are a repetition that nobody may test. */
export interface AssociateAc extends Omit<AssociateRq, 'contexts'> {
  contexts: ContextAnswer[]
}

export interface ContextAnswer {
  id: number
  /** PS3.8 table 9-18. */
  result: number
  /** Meaningless unless accepted. */
  transferSyntax: string
}

/** PS3.8 table 9-21, as numbers. */
export interface AssociateRj {
  result: number
  source: number
  reason: number
}

/** PS3.8 table 9-26. */
export interface Abort {
  source: number
  reason: number
}

const itemType = {
  applicationContext: 0x10,
  proposedContext: 0x20,
  answeredContext: 0x21,
  abstractSyntax: 0x30,
  transferSyntax: 0x40,
  userInformation: 0x50,
} as const

/** Ids are odd numbers of one byte (PS3.8 §9.3.2.2): there are 128 of them. */
export const mostContexts = 128

const aeTitleLength = 16

export function encodeAssociateRq(rq: AssociateRq): Uint8Array {
  return associate(
    pduType.associateRq,
    rq,
    rq.contexts.map(context =>
      item(
        itemType.proposedContext,
        Uint8Array.of(context.id, 0, 0, 0),
        item(itemType.abstractSyntax, ascii(context.abstractSyntax)),
        ...context.transferSyntaxes.map(uid => item(itemType.transferSyntax, ascii(uid))),
      ),
    ),
  )
}

export function encodeAssociateAc(ac: AssociateAc): Uint8Array {
  return associate(
    pduType.associateAc,
    ac,
    ac.contexts.map(context =>
      item(
        itemType.answeredContext,
        Uint8Array.of(context.id, 0, context.result, 0),
        item(itemType.transferSyntax, ascii(context.transferSyntax)),
      ),
    ),
  )
}

function associate(
  type: number,
  head: Omit<AssociateRq, 'contexts'>,
  contexts: Uint8Array[],
): Uint8Array {
  return pdu(
    type,
    u16(head.protocolVersion),
    u16(0),
    aeTitle(head.calledAeTitle),
    aeTitle(head.callingAeTitle),
    new Uint8Array(32),
    item(itemType.applicationContext, ascii(head.applicationContext)),
    ...contexts,
    item(itemType.userInformation, encodeUserInformation(head.user)),
  )
}

function aeTitle(title: string): Uint8Array {
  if (title.length > aeTitleLength)
    throw new Fault('request-malformed', `AE title ${title} is longer than 16 characters`)
  return ascii(title.padEnd(aeTitleLength))
}

export function encodeAssociateRj(rj: AssociateRj): Uint8Array {
  return pdu(pduType.associateRj, Uint8Array.of(0, rj.result, rj.source, rj.reason))
}

export function encodeReleaseRq(): Uint8Array {
  return pdu(pduType.releaseRq, u32(0))
}

export function encodeReleaseRp(): Uint8Array {
  return pdu(pduType.releaseRp, u32(0))
}

export function encodeAbort(abort: Abort): Uint8Array {
  return pdu(pduType.abort, Uint8Array.of(0, 0, abort.source, abort.reason))
}

function pdu(type: number, ...parts: Uint8Array[]): Uint8Array {
  const body = joined(...parts)
  return joined(Uint8Array.of(type, 0), u32(body.length), body)
}

/** All decoders take the PDU without its six bytes of type and length. */
export function decodeAssociateRq(body: Uint8Array): AssociateRq {
  const contexts: ProposedContext[] = []
  const ids = new Set<number>()
  const head = decodeAssociate(body, 'A-ASSOCIATE-RQ', (type, contents) => {
    if (type !== itemType.proposedContext) return
    const context = proposedContext(contents)
    if (context.id % 2 === 0 || ids.has(context.id))
      throw new Violation(
        'invalidParameter',
        `A-ASSOCIATE-RQ: presentation context id ${context.id} is even or comes twice`,
      )
    ids.add(context.id)
    contexts.push(context)
  })
  return { ...head, contexts }
}

function proposedContext(contents: Uint8Array): ProposedContext {
  const fields = new FieldReader(contents, 'presentation context')
  const id = fields.u8()
  fields.skip(3)
  let abstractSyntax = ''
  const transferSyntaxes: string[] = []
  while (fields.left > 0) {
    const { type, body } = fields.item()
    if (type === itemType.abstractSyntax) abstractSyntax = textOf(body)
    else if (type === itemType.transferSyntax) transferSyntaxes.push(textOf(body))
  }
  return { id, abstractSyntax, transferSyntaxes }
}

export function decodeAssociateAc(body: Uint8Array): AssociateAc {
  const contexts: ContextAnswer[] = []
  const head = decodeAssociate(body, 'A-ASSOCIATE-AC', (type, contents) => {
    if (type !== itemType.answeredContext) return
    const fields = new FieldReader(contents, 'presentation context')
    const id = fields.u8()
    fields.skip(1)
    const result = fields.u8()
    fields.skip(1)
    let transferSyntax = ''
    while (fields.left > 0) {
      const answered = fields.item()
      if (answered.type === itemType.transferSyntax) transferSyntax = textOf(answered.body)
    }
    contexts.push({ id, result, transferSyntax })
  })
  return { ...head, contexts }
}

function decodeAssociate(
  body: Uint8Array,
  name: string,
  onItem: (type: number, contents: Uint8Array) => void,
): Omit<AssociateRq, 'contexts'> {
  const fields = new FieldReader(body, name)
  const protocolVersion = fields.u16()
  fields.skip(2)
  const calledAeTitle = fields.text(aeTitleLength)
  const callingAeTitle = fields.text(aeTitleLength)
  fields.skip(32)
  let applicationContext = ''
  let user = decodeUserInformation(new Uint8Array(0))
  while (fields.left > 0) {
    const { type, body: contents } = fields.item()
    if (type === itemType.applicationContext) applicationContext = textOf(contents)
    else if (type === itemType.userInformation) user = decodeUserInformation(contents)
    else onItem(type, contents)
  }
  return { protocolVersion, calledAeTitle, callingAeTitle, applicationContext, user }
}

export function decodeAssociateRj(body: Uint8Array): AssociateRj {
  const fields = new FieldReader(body, 'A-ASSOCIATE-RJ')
  fields.skip(1)
  return { result: fields.u8(), source: fields.u8(), reason: fields.u8() }
}

export function decodeAbort(body: Uint8Array): Abort {
  const fields = new FieldReader(body, 'A-ABORT')
  fields.skip(2)
  return { source: fields.u8(), reason: fields.u8() }
}
