import { Fault } from '../../faults.ts'
import type { Level } from '../../holdings/catalog/catalog.ts'
import {
  explicitLittleEndian,
  implicitLittleEndian,
  type NewElement,
  writeDataset,
} from '../../standard/dicom/dicom.ts'
import {
  formatStatus,
  type OutgoingAssociation,
  type OutgoingContext,
  type Reply,
} from '../../standard/dimse/dimse.ts'

/** QueryRetrieveLevel, PS3.4 C.6. */
export const levelInDicom: Readonly<Record<Level, string>> = {
  Patient: 'PATIENT',
  Study: 'STUDY',
  Series: 'SERIES',
  Instance: 'IMAGE',
}

/** Every node reads one of these two, PS3.5 §10.1. */
export const plainSyntaxes = [explicitLittleEndian, implicitLittleEndian] as const

/** A context for a service whose datasets we write ourselves. */
export function contextFor(abstractSyntax: string): OutgoingContext {
  return { abstractSyntax, transferSyntaxes: plainSyntaxes }
}

/**
 * One association for one piece of work: released when it is done or its reader has enough, aborted
 * when it fails.
 */
export async function* during<T, R = void>(
  opening: Promise<OutgoingAssociation>,
  work: (association: OutgoingAssociation) => AsyncGenerator<T, R>,
): AsyncGenerator<T, R> {
  const association = await opening
  let failed = false
  try {
    return yield* work(association)
  } catch (thrown) {
    failed = true
    association.abort()
    throw thrown
  } finally {
    if (!failed) await association.release()
  }
}

/** The same where nothing comes in pieces. */
export async function once<T>(
  opening: Promise<OutgoingAssociation>,
  work: (association: OutgoingAssociation) => Promise<T>,
): Promise<T> {
  const association = await opening
  let answer: T
  try {
    answer = await work(association)
  } catch (thrown) {
    association.abort()
    throw thrown
  }
  await association.release()
  return answer
}

/** How the peer wants to be asked. Fault: `peer-declined`. */
export function agreedSyntax(
  association: OutgoingAssociation,
  abstractSyntax: string,
  service: string,
): string {
  const agreed = association.accepted(abstractSyntax)
  if (!agreed) throw new Fault('peer-declined', `it takes no ${service} (${abstractSyntax})`)
  return agreed.transferSyntaxUid
}

/** A status that is a no, with what the peer says of it; `dimseStatus` is for programs. */
export function refusal(service: string, { status, errorComment }: Reply): Fault {
  const comment = errorComment ? `: ${errorComment}` : ''
  const detail = `${service} was answered ${formatStatus(status)}${comment}`
  return Object.assign(new Fault('peer-failed', detail), { dimseStatus: status })
}

/**
 * An identifier in the transfer syntax agreed. Text beyond ASCII that names no character set goes
 * out in UTF-8.
 */
export function writeIdentifier(
  elements: readonly NewElement[],
  transferSyntaxUid: string,
): Uint8Array {
  const named = elements.some(({ tag }) => characterSetTags.has(tag))
  const written = named || !elements.some(hasForeignText) ? elements : [...elements, utf8]
  return writeDataset(written, transferSyntaxUid)
}

const utf8: NewElement = { tag: 'SpecificCharacterSet', value: 'ISO_IR 192' }
const characterSetTags = new Set<NewElement['tag']>([
  0x00080005,
  'SpecificCharacterSet',
  '0008,0005',
])

function hasForeignText({ value, items }: NewElement): boolean {
  const texts = [value].flat().filter(each => typeof each === 'string')
  return texts.some(text => /[^\x00-\x7f]/.test(text)) || !!items?.flat().some(hasForeignText)
}
