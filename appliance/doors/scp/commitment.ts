import {
  type CommitmentDataset,
  type Commitments,
  readCommitment,
  storageCommitmentInstance,
  storageCommitmentSopClass,
} from '../../duties/nodes/nodes.ts'
import {
  type Offer,
  type OperationRequest,
  type Reply,
  status,
} from '../../standard/dimse/dimse.ts'

const requestStorageCommitment = 1

/** The caller asks as SCU, or reports to us as SCP (PS3.4 §J.3.2, §J.3.3). */
export function commitmentOffer(abstractSyntax: string): Offer | undefined {
  if (abstractSyntax !== storageCommitmentSopClass) return undefined
  const transferSyntaxes = ['1.2.840.10008.1.2.1', '1.2.840.10008.1.2', '1.2.840.10008.1.2.2']
  return { transferSyntaxes, callerMayBeScp: true }
}

/**
 * N-ACTION of the Storage Commitment Push Model (PS3.4 §J.3.2): answered success when the request
 * would survive a power cut; what it is about is told later, by N-EVENT-REPORT.
 */
export function createCommitment(commitments: Pick<Commitments, 'take'>) {
  return async (request: OperationRequest): Promise<Reply> => {
    const { sopClassUid, sopInstanceUid, actionTypeId, association, peer, stop } = request
    if (sopClassUid !== storageCommitmentSopClass)
      return no(status.noSuchSopClass, 'N-ACTION is served for storage commitment only')
    if (sopInstanceUid !== storageCommitmentInstance)
      return no(status.noSuchObjectInstance, 'not the well-known instance of the push model')
    if (actionTypeId !== requestStorageCommitment)
      return no(status.noSuchActionType, `no action type ${actionTypeId ?? '(none)'}`)
    const read = referencesIn(request)
    if ('refusal' in read) return read.refusal
    const { transactionUid, references } = read
    await commitments.take({ transactionUid, references, association, peer, stop })
    return { status: status.success }
  }
}

/** What is asked for, or what is wrong with it: the codes of PS3.7 §10.1.4.1.10. */
function referencesIn({
  dataset,
  transferSyntaxUid,
}: OperationRequest): CommitmentDataset | { refusal: Reply } {
  if (!dataset) return { refusal: no(status.noSuchArgument, 'no action information follows') }
  const asked = readCommitment(dataset, transferSyntaxUid)
  if (!asked)
    return {
      refusal: no(status.invalidArgumentValue, 'without its transaction, or with wrong UIDs'),
    }
  if (asked.references.length === 0)
    return {
      refusal: no(status.invalidArgumentValue, 'Referenced SOP Sequence is missing or empty'),
    }
  return asked
}

const no = (code: number, errorComment: string): Reply => ({ status: code, errorComment })
