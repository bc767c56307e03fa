import { storageSopClasses, transferSyntaxes } from '../../standard/dicom/dicom.ts'
import type { OutgoingContext } from '../../standard/dimse/dimse.ts'
import { plainSyntaxes } from './question.ts'

const ofKinds = (...kinds: readonly string[]): readonly string[] =>
  [...transferSyntaxes.values()]
    .filter(({ kind, retired }) => !retired && kinds.includes(kind))
    .map(({ uid }) => uid)

/** The compressed transfer syntaxes in which images are exchanged. */
export const imageSyntaxes = ofKinds('rle', 'jpeg', 'jpeg-ls', 'jpeg2000', 'htj2k', 'jpegxl')
const otherSyntaxes = ofKinds('video', 'deflated')

/** All that are not retired, and whose pixel data come with the dataset. */
export const exchangedSyntaxes = [...ofKinds('uncompressed'), ...imageSyntaxes, ...otherSyntaxes]

/** PS3.8 §9.3.2.2: context ids are the odd numbers of one byte. */
export const mostContexts = 128

/** Without the root of PS3.4's storage classes: families that no archive has in daily use. */
const rareFamilies = [
  // Waveforms but ECG and hemodynamics
  ...['9.3.', '9.4.', '9.5.', '9.6.', '9.7.', '9.8.', '9.100.'],
  // Volumetric presentation states, surfaces, meshes
  ...['11.5', '11.6', '11.7', '11.8', '11.9', '11.10', '11.11', '11.12', '66.5', '66.6', '68.'],
  // Ophthalmic measurements, assessments, annotations, models for printing
  ...['78.', '79.', '80.', '81.', '82.', '90.', '91.', '104.3', '104.4', '104.5'],
  // Protocols, second-generation radiotherapy, security and material testing
  ...['200.', '201.', '481.1', '481.2', '501.', '601.'],
]
const inDailyUse = new Set(['481.1', '481.2'])
const root = '1.2.840.10008.5.1.4.1.1.'

function isRare(sopClassUid: string): boolean {
  if (!sopClassUid.startsWith(root)) return true
  const rest = sopClassUid.slice(root.length)
  return !inDailyUse.has(rest) && rareFamilies.some(family => rest.startsWith(family))
}

/**
 * What to be ready for in a C-GET, in at most `room` contexts. Few SOP classes: each transfer syntax
 * in a context of its own, so that each image can come as it is kept there. Many: one context for
 * each class, and the other end's choice. None named: all but the rare ones.
 */
export function storageContexts(
  sopClasses: readonly string[] = [],
  room = mostContexts - 1,
): OutgoingContext[] {
  const named = sopClasses.length
    ? [...new Set(sopClasses)]
    : [...storageSopClasses.keys()].filter(uid => !isRare(uid))
  const wanted = named.slice(0, room)
  const role = { scu: false, scp: true }
  const together = [...plainSyntaxes, ...imageSyntaxes, ...otherSyntaxes]
  const apart = [...imageSyntaxes.map(uid => [uid]), otherSyntaxes, plainSyntaxes]
  const each = wanted.length * apart.length > room ? [together] : apart
  return wanted.flatMap(abstractSyntax =>
    each.map(transferSyntaxes => ({ abstractSyntax, transferSyntaxes, role })),
  )
}
