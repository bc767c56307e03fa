import { Fault } from '../../../faults.ts'
import type { Instance } from '../../../holdings/catalog/catalog.ts'
import {
  explicitLittleEndian,
  implicitLittleEndian,
  readDataset,
  writeDataset,
} from '../../../standard/dicom/dicom.ts'
import {
  formatStatus,
  type OutgoingAssociation,
  type OutgoingContext,
  statusKind,
} from '../../../standard/dimse/dimse.ts'

/** PS3.4 C.6.2: Study Root Query/Retrieve Information Model, FIND. */
const studyRootFind = '1.2.840.10008.5.1.4.1.2.2.1'

export const findContext: OutgoingContext = {
  abstractSyntax: studyRootFind,
  transferSyntaxes: [explicitLittleEndian, implicitLittleEndian],
}

/**
 * The SOP Instance UIDs that the far side lists for the series of these instances: one C-FIND at the
 * image level for each series (PS3.4 C.4.1), and the end of the association. Faults: `peer-declined`,
 * `peer-failed`, and those of the wire.
 */
export async function listHeld(
  association: OutgoingAssociation,
  instances: readonly Instance[],
): Promise<Set<string>> {
  const held = new Set<string>()
  const series = new Map(instances.map(each => [each.seriesInstanceUid, each.studyInstanceUid]))
  try {
    const accepted = association.accepted(studyRootFind)
    if (!accepted) throw new Fault('peer-declined', 'takes no C-FIND of the study root')
    for (const [seriesInstanceUid, studyInstanceUid] of series) {
      const { transferSyntaxUid } = accepted
      const dataset = writeDataset(
        [
          { tag: 'SOPInstanceUID' },
          { tag: 'QueryRetrieveLevel', value: 'IMAGE' },
          { tag: 'StudyInstanceUID', value: studyInstanceUid },
          { tag: 'SeriesInstanceUID', value: seriesInstanceUid },
        ],
        transferSyntaxUid,
      )
      const replies = association.perform({
        ...{ operation: 'C-FIND', sopClassUid: studyRootFind, transferSyntaxUid, dataset },
      })
      for await (const reply of replies) {
        const kind = statusKind(reply.status)
        if (kind === 'pending' && reply.dataset) {
          const answer = readDataset(reply.dataset, transferSyntaxUid, { lenient: true })
          const uid = answer.text('SOPInstanceUID')
          if (uid) held.add(uid)
        } else if (kind !== 'pending' && kind !== 'success') {
          throw new Fault('peer-failed', `C-FIND answered ${formatStatus(reply.status)}`)
        }
      }
    }
  } catch (error) {
    association.abort()
    throw error
  }
  await association.release()
  return held
}
