import { verificationSopClass } from '../../standard/dimse/dimse.ts'
import type { Allowed } from './settings.ts'

/** PS3.4 J.3: Storage Commitment Push Model, and its one well-known instance. */
export const storageCommitmentSopClass = '1.2.840.10008.1.20.1'
export const storageCommitmentInstance = '1.2.840.10008.1.20.1.1'

/** PS3.4 R.3: Instance Availability Notification. */
export const availabilitySopClass = '1.2.840.10008.5.1.4.33'

/** PS3.4 C.6.1, C.6.2 and K.6: information models, with what can be asked of each. */
export const models = {
  patient: {
    find: '1.2.840.10008.5.1.4.1.2.1.1',
    move: '1.2.840.10008.5.1.4.1.2.1.2',
    get: '1.2.840.10008.5.1.4.1.2.1.3',
  },
  study: {
    find: '1.2.840.10008.5.1.4.1.2.2.1',
    move: '1.2.840.10008.5.1.4.1.2.2.2',
    get: '1.2.840.10008.5.1.4.1.2.2.3',
  },
  worklist: { find: '1.2.840.10008.5.1.4.31' },
} as const

/** What a caller may be allowed: everything but `transcoding`, which is not asked for. */
export type Guarded = Exclude<Allowed, 'transcoding'>

const guardedBy: Readonly<Record<string, Guarded>> = {
  [verificationSopClass]: 'echo',
  [models.patient.find]: 'find',
  [models.patient.move]: 'move',
  [models.patient.get]: 'get',
  [models.study.find]: 'find',
  [models.study.move]: 'move',
  [models.study.get]: 'get',
  // PS3.4 C.6.3, retired: Patient/Study Only
  '1.2.840.10008.5.1.4.1.2.3.1': 'find',
  '1.2.840.10008.5.1.4.1.2.3.2': 'move',
  '1.2.840.10008.5.1.4.1.2.3.3': 'get',
  // PS3.4 Y.6 and Z.6: Composite Instance Root, and without bulk data
  '1.2.840.10008.5.1.4.1.2.4.2': 'move',
  '1.2.840.10008.5.1.4.1.2.4.3': 'get',
  '1.2.840.10008.5.1.4.1.2.5.3': 'get',
  [models.worklist.find]: 'findWorklist',
  [storageCommitmentSopClass]: 'storageCommitment',
}

/** What must be allowed to whoever asks for an abstract syntax; all that is not listed is stored. */
export function guardedService(abstractSyntax: string): Guarded {
  return guardedBy[abstractSyntax] ?? 'store'
}
