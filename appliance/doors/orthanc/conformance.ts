import {
  implementation,
  keywordOf,
  storageSopClasses,
  transferSyntaxes,
} from '../../standard/dicom/dicom.ts'
import { verificationSopClass } from '../../standard/dimse/dimse.ts'
import type { Desk } from './desk.ts'

/** Services other than storage of which a box like this one may be SCP: PS3.4 Annexes C, J, K, R. */
const others: Readonly<Record<string, readonly (readonly [name: string, uid: string])[]>> = {
  'Find SCP': [
    ['FINDPatientRootQueryRetrieveInformationModel', '1.2.840.10008.5.1.4.1.2.1.1'],
    ['FINDStudyRootQueryRetrieveInformationModel', '1.2.840.10008.5.1.4.1.2.2.1'],
    ['FINDPatientStudyOnlyQueryRetrieveInformationModel', '1.2.840.10008.5.1.4.1.2.3.1'],
    ['FINDModalityWorklistInformationModel', '1.2.840.10008.5.1.4.31'],
  ],
  'Move SCP': [
    ['MOVEPatientRootQueryRetrieveInformationModel', '1.2.840.10008.5.1.4.1.2.1.2'],
    ['MOVEStudyRootQueryRetrieveInformationModel', '1.2.840.10008.5.1.4.1.2.2.2'],
    ['MOVEPatientStudyOnlyQueryRetrieveInformationModel', '1.2.840.10008.5.1.4.1.2.3.2'],
  ],
  'Get SCP': [
    ['GETPatientRootQueryRetrieveInformationModel', '1.2.840.10008.5.1.4.1.2.1.3'],
    ['GETStudyRootQueryRetrieveInformationModel', '1.2.840.10008.5.1.4.1.2.2.3'],
    ['GETPatientStudyOnlyQueryRetrieveInformationModel', '1.2.840.10008.5.1.4.1.2.3.3'],
  ],
  'Storage Commitment SCP': [['StorageCommitmentPushModel', '1.2.840.10008.1.20.1']],
  'Worklist and Performed Procedure Step SCP': [
    ['ModalityPerformedProcedureStep', '1.2.840.10008.3.1.2.3.3'],
  ],
  'Instance Availability Notification SCP': [
    ['InstanceAvailabilityNotification', '1.2.840.10008.5.1.4.33'],
  ],
}

/**
 * The conformance statement, asked of the negotiation itself at this moment: what would be refused is
 * not in it, and what was changed at run time is.
 */
export function conformanceStatement(desk: Desk): string {
  const { running } = desk
  const { dicomAet } = desk.system()
  const { name } = desk.settings
  const negotiated = (uid: string) => running.negotiates(uid) !== undefined
  const services: [title: string, rows: readonly (readonly [string, string])[]][] = [
    ['Echo SCP', [['Verification', verificationSopClass]]],
    ['Store SCP', [...storageSopClasses].map(([uid, title]) => [title, uid] as const)],
    ...Object.entries(others),
  ]
  const lines = [
    ...heading(`DICOM Conformance Statement of ${name}`, '='),
    ...['', `AE title:                    ${dicomAet}`],
    `Implementation class UID:    ${implementation.classUid}`,
    `Implementation version name: ${implementation.versionName}`,
    '',
  ]
  for (const [title, rows] of services) {
    const kept = rows.filter(([, uid]) => negotiated(uid))
    if (kept.length === 0) continue
    lines.push('', ...heading(`${title} Conformance`, '-'), '')
    lines.push(`${name} supports the following SOP classes as ${title}:`, '', ...table(kept), '')
  }
  const asScp = [...storageSopClasses].filter(
    ([uid]) => running.negotiates(uid)?.callerMayBeScp === true,
  )
  if (asScp.length > 0) {
    lines.push('', ...heading('Store SCU within C-GET', '-'), '')
    lines.push(...table(asScp.map(([uid, title]) => [title, uid])), '')
  }
  const storage = [...storageSopClasses.keys()].find(negotiated)
  const syntaxes = [...transferSyntaxes.values()].filter(
    ({ uid, kind }) =>
      kind !== 'referenced' && storage !== undefined && running.negotiates(storage)!.takes(uid),
  )
  lines.push('', ...heading('Transfer Syntaxes of Storage', '-'), '')
  lines.push(...table(syntaxes.map(each => [each.name, each.uid])), '')
  lines.push('', ...heading('Character Sets', '-'), '')
  lines.push(
    `Text is read in the set that ${keywordOf(0x00080005)} names, ISO 2022 extensions included;`,
    `without one in ${running.encoding.characterSet()}.`,
    '',
  )
  return lines.join('\n')
}

const heading = (text: string, line: string): string[] => [
  line.repeat(text.length),
  text,
  line.repeat(text.length),
]

function table(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(0, ...rows.map(([name]) => name.length))
  return rows.map(([name, uid]) => `  ${name.padEnd(width)} | ${uid}`)
}
