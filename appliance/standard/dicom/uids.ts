import { hash } from 'node:crypto'

/** Who wrote a file or opened an association, as PS3.7 §D.3.3.2 and PS3.10 §7.1 ask for. */
export const implementation = {
  classUid: '2.25.77585300393628534787702657071024408686',
  versionName: 'WAYSTATION_0.1',
} as const

const uidPattern = /^(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*))+$/

/**
 * A UID as PS3.5 §9.1 has it: at most 64 characters, components of digits without leading zeros.
 * The value must be without its padding. A single component is not taken: no root has one.
 */
export function isUid(text: string): boolean {
  return text.length <= 64 && uidPattern.test(text)
}

/**
 * Digits and dots, up to 64: PS3.5 §9.1 but for its leading zeros, single components and empty
 * components, which real devices send and which harm nobody. What is kept under such a UID must be
 * found, given back and promised under it.
 */
export const isUidOfDevices = (text: string): boolean => /^[0-9.]{1,64}$/.test(text)

/** A fresh UID below 2.25 from a random (version 4) UUID: PS3.5 §B.2. */
export function generateUid(random: (bytes: number) => Uint8Array): string {
  const uuid = Uint8Array.from(random(16))
  uuid[6] = (uuid[6]! & 0x0f) | 0x40
  uuid[8] = (uuid[8]! & 0x3f) | 0x80
  return `2.25.${BigInt(`0x${Buffer.from(uuid).toString('hex')}`)}`
}

/**
 * Orthanc's public identifier of a resource, from its DICOM identifiers from the patient down:
 * PatientID, StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID, as many as the level has.
 * Forty hexadecimal digits of SHA-1 in five groups. A missing PatientID counts as ''.
 */
export function publicIdOf(...identifiers: readonly string[]): string {
  const hex = hash('sha1', identifiers.join('|'), 'hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 16)}-${hex.slice(16, 24)}-${hex.slice(24, 32)}-${hex.slice(32)}`
}
