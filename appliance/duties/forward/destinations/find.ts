import { Fault, faultOf } from '../../../faults.ts'
import type { Instance } from '../../../holdings/catalog/catalog.ts'
import {
  type Dataset,
  explicitLittleEndian,
  implicitLittleEndian,
  type NewElement,
  readDataset,
  writeDataset,
} from '../../../standard/dicom/dicom.ts'
import {
  formatStatus,
  type OutgoingAssociation,
  type OutgoingContext,
  statusKind,
} from '../../../standard/dimse/dimse.ts'
import { type Delivered, whereAllAre } from './counting.ts'

/** PS3.4 C.6.2: Study Root Query/Retrieve Information Model, FIND. */
const studyRootFind = '1.2.840.10008.5.1.4.1.2.2.1'

export const findContext: OutgoingContext = {
  abstractSyntax: studyRootFind,
  transferSyntaxes: [explicitLittleEndian, implicitLittleEndian],
}

/**
 * The SOP Instance UIDs that the far side lists for the series of these instances: one C-FIND at the
 * image level for each series (PS3.4 C.4.1), and the end of the association. With `delivered` one at
 * the series level comes before, and only series of which it has fewer images, or does not say how
 * many, are listed. Faults: `peer-declined`, `peer-failed`, and those of the wire.
 */
export async function listHeld(
  association: OutgoingAssociation,
  instances: readonly Instance[],
  delivered?: Delivered,
): Promise<Set<string>> {
  const held = new Set<string>()
  try {
    const accepted = association.accepted(studyRootFind)
    if (!accepted) throw new Fault('peer-declined', 'takes no C-FIND of the study root')
    const find = (keys: NewElement[]) => search(association, accepted.transferSyntaxUid, keys)
    if (delivered) {
      const counts = await countsIn(find, instances)
      for (const each of whereAllAre(instances, delivered, counts)) held.add(each.sopInstanceUid)
    }
    const unsure = instances.filter(each => !held.has(each.sopInstanceUid))
    const series = new Map(unsure.map(each => [each.seriesInstanceUid, each.studyInstanceUid]))
    for (const [seriesInstanceUid, studyInstanceUid] of series) {
      const answers = find([
        { tag: 'SOPInstanceUID' },
        { tag: 'QueryRetrieveLevel', value: 'IMAGE' },
        { tag: 'StudyInstanceUID', value: studyInstanceUid },
        { tag: 'SeriesInstanceUID', value: seriesInstanceUid },
      ])
      for await (const answer of answers) {
        const uid = answer.text('SOPInstanceUID')
        if (uid) held.add(uid)
      }
    }
  } catch (error) {
    association.abort()
    throw error
  }
  await association.release()
  return held
}

/** PS3.4 table C.6.2-1; a far side that refuses the question says nothing of any series. */
async function countsIn(
  find: (keys: NewElement[]) => AsyncIterable<Dataset>,
  instances: readonly Instance[],
): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  try {
    for (const study of new Set(instances.map(each => each.studyInstanceUid))) {
      const answers = find([
        { tag: 'QueryRetrieveLevel', value: 'SERIES' },
        { tag: 'StudyInstanceUID', value: study },
        { tag: 'SeriesInstanceUID' },
        { tag: 'NumberOfSeriesRelatedInstances' },
      ])
      for await (const answer of answers) {
        const uid = answer.text('SeriesInstanceUID')
        const [count] = answer.numbers('NumberOfSeriesRelatedInstances')
        if (uid && count !== undefined) counts.set(uid, count)
      }
    }
  } catch (error) {
    if (faultOf(error).code !== 'peer-failed') throw error
  }
  return counts
}

async function* search(
  association: OutgoingAssociation,
  transferSyntaxUid: string,
  keys: NewElement[],
): AsyncGenerator<Dataset> {
  const dataset = writeDataset(keys, transferSyntaxUid)
  const replies = association.perform({
    ...{ operation: 'C-FIND', sopClassUid: studyRootFind, transferSyntaxUid, dataset },
  })
  for await (const reply of replies) {
    const kind = statusKind(reply.status)
    if (kind === 'pending' && reply.dataset) {
      yield readDataset(reply.dataset, transferSyntaxUid, { lenient: true })
    } else if (kind !== 'pending' && kind !== 'success') {
      throw new Fault('peer-failed', `C-FIND answered ${formatStatus(reply.status)}`)
    }
  }
}
