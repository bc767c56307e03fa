import { ascii, counted, FieldReader, item, joined, textOf, u16, u32 } from './fields.ts'
import type {
  CommonExtendedNegotiation,
  ExtendedNegotiation,
  RoleSelection,
} from './negotiation.ts'
import { shortestPduLength } from './outflow.ts'
import { Violation } from './violation.ts'

/** PS3.7 D.3.3.7; the fields are bytes, since a ticket, an assertion or a token may be anything. */
export interface UserIdentity {
  /** 1 username, 2 username and passcode, 3 Kerberos, 4 SAML, 5 JSON Web Token. */
  type: number
  positiveResponseRequested: boolean
  primary: Uint8Array
  /** The passcode of type 2. */
  secondary: Uint8Array
}

/** The User Information item, PS3.8 §9.3.2.3 and Annex D, PS3.7 Annex D. */
export interface UserInformation {
  /** 0: any length. */
  maxPduLength: number
  implementationClassUid?: string
  implementationVersionName?: string
  asynchronousOperations?: { invoked: number; performed: number }
  roles: RoleSelection[]
  extended: ExtendedNegotiation[]
  commonExtended: CommonExtendedNegotiation[]
  /** Only in a request. */
  userIdentity?: UserIdentity
  /** Only in an acceptance. */
  userIdentityResponse?: Uint8Array
}

const itemType = {
  maxPduLength: 0x51,
  implementationClassUid: 0x52,
  asynchronousOperations: 0x53,
  role: 0x54,
  implementationVersionName: 0x55,
  extended: 0x56,
  commonExtended: 0x57,
  userIdentity: 0x58,
  userIdentityResponse: 0x59,
} as const

/** What a peer takes that does not say so, though it must: what every implementation does. */
const unstatedPduLength = 16_384

/** Unknown items are skipped, as PS3.8 §9.3.1 asks; of an item that may come once, the last holds. */
export function decodeUserInformation(bytes: Uint8Array): UserInformation {
  const user: UserInformation = {
    maxPduLength: unstatedPduLength,
    roles: [],
    extended: [],
    commonExtended: [],
  }
  const items = new FieldReader(bytes, 'user information')
  while (items.left > 0) {
    const { type, body } = items.item()
    const fields = new FieldReader(body, `user information item ${type.toString(16)}H`)
    if (type === itemType.maxPduLength) user.maxPduLength = maxPduLength(fields.u32())
    else if (type === itemType.implementationClassUid) user.implementationClassUid = textOf(body)
    else if (type === itemType.implementationVersionName)
      user.implementationVersionName = textOf(body)
    else if (type === itemType.asynchronousOperations)
      user.asynchronousOperations = { invoked: fields.u16(), performed: fields.u16() }
    else if (type === itemType.role)
      user.roles.push({
        sopClassUid: fields.text(fields.u16()),
        scu: fields.u8() === 1,
        scp: fields.u8() === 1,
      })
    else if (type === itemType.extended)
      user.extended.push({
        sopClassUid: fields.text(fields.u16()),
        applicationInformation: fields.bytes(fields.left).slice(),
      })
    else if (type === itemType.commonExtended) user.commonExtended.push(commonExtended(fields))
    else if (type === itemType.userIdentity)
      user.userIdentity = {
        type: fields.u8(),
        positiveResponseRequested: fields.u8() === 1,
        primary: fields.bytes(fields.u16()).slice(),
        secondary: fields.left > 0 ? fields.bytes(fields.u16()).slice() : new Uint8Array(0),
      }
    else if (type === itemType.userIdentityResponse)
      user.userIdentityResponse = fields.bytes(fields.u16()).slice()
  }
  return user
}

/** One that leaves no room for data can never be sent anything, and is no length. */
function maxPduLength(length: number): number {
  if (length > 0 && length < shortestPduLength)
    throw new Violation('invalidParameter', `a maximum length of ${length} bytes leaves no room`)
  return length
}

function commonExtended(fields: FieldReader): CommonExtendedNegotiation {
  const sopClassUid = fields.text(fields.u16())
  const serviceClassUid = fields.text(fields.u16())
  const related = new FieldReader(fields.bytes(fields.u16()), 'related general SOP classes')
  const relatedSopClassUids: string[] = []
  while (related.left > 0) relatedSopClassUids.push(related.text(related.u16()))
  return { sopClassUid, serviceClassUid, relatedSopClassUids }
}

export function encodeUserInformation(user: UserInformation): Uint8Array {
  const parts = [item(itemType.maxPduLength, u32(user.maxPduLength))]
  if (user.implementationClassUid)
    parts.push(item(itemType.implementationClassUid, ascii(user.implementationClassUid)))
  if (user.asynchronousOperations)
    parts.push(
      item(
        itemType.asynchronousOperations,
        u16(user.asynchronousOperations.invoked),
        u16(user.asynchronousOperations.performed),
      ),
    )
  for (const { sopClassUid, scu, scp } of user.roles)
    parts.push(
      item(itemType.role, counted(ascii(sopClassUid)), Uint8Array.of(Number(scu), Number(scp))),
    )
  if (user.implementationVersionName)
    parts.push(item(itemType.implementationVersionName, ascii(user.implementationVersionName)))
  for (const { sopClassUid, applicationInformation } of user.extended)
    parts.push(item(itemType.extended, counted(ascii(sopClassUid)), applicationInformation))
  for (const { sopClassUid, serviceClassUid, relatedSopClassUids } of user.commonExtended)
    parts.push(
      item(
        itemType.commonExtended,
        counted(ascii(sopClassUid)),
        counted(ascii(serviceClassUid)),
        counted(joined(...relatedSopClassUids.map(uid => counted(ascii(uid))))),
      ),
    )
  if (user.userIdentity) {
    const { type, positiveResponseRequested, primary, secondary } = user.userIdentity
    parts.push(
      item(
        itemType.userIdentity,
        Uint8Array.of(type, Number(positiveResponseRequested)),
        counted(primary),
        counted(secondary),
      ),
    )
  }
  if (user.userIdentityResponse)
    parts.push(item(itemType.userIdentityResponse, counted(user.userIdentityResponse)))
  return joined(...parts)
}
