import {
  type Dataset,
  isUidOfDevices,
  type NewElement,
  readDataset,
} from '../../standard/dicom/dicom.ts'

/** An item of a Referenced SOP Sequence: one instance, by its UIDs. */
export interface Reference {
  sopClassUid: string
  sopInstanceUid: string
}

/** Action and event information of the push model, PS3.4 tables J.3-1 and J.3-3. */
export interface CommitmentDataset {
  transactionUid: string
  references: Reference[]
  failures: (Reference & { reason: number })[]
}

/** `undefined`: it names no transaction, or an instance wrongly. */
export function readCommitment(
  bytes: Uint8Array,
  transferSyntaxUid: string,
): CommitmentDataset | undefined {
  const dataset = readDataset(bytes, transferSyntaxUid, { lenient: true })
  const transactionUid = dataset.text('TransactionUID') ?? ''
  const references = dataset.items('ReferencedSOPSequence').map(referenceOf)
  const failures = dataset.items('FailedSOPSequence').map(item => ({
    ...referenceOf(item),
    reason: item.numbers('FailureReason')[0] ?? 0,
  }))
  const all = [...references, ...failures]
  const uids = all.flatMap(each => [each.sopClassUid, each.sopInstanceUid])
  return [transactionUid, ...uids].every(isUidOfDevices)
    ? { transactionUid, references, failures }
    : undefined
}

function referenceOf(item: Dataset): Reference {
  return {
    sopClassUid: item.text('ReferencedSOPClassUID') ?? '',
    sopInstanceUid: item.text('ReferencedSOPInstanceUID') ?? '',
  }
}

/** Sequences that are empty are left out: type 1C each. */
export function commitmentElements({
  transactionUid,
  references,
  failures,
}: CommitmentDataset): NewElement[] {
  const elements: NewElement[] = [{ tag: 'TransactionUID', value: transactionUid }]
  if (references.length > 0)
    elements.push({ tag: 'ReferencedSOPSequence', items: references.map(referenceItem) })
  if (failures.length > 0) {
    const items = failures.map(each => [
      ...referenceItem(each),
      { tag: 'FailureReason', value: each.reason },
    ])
    elements.push({ tag: 'FailedSOPSequence', items })
  }
  return elements
}

export function referenceItem({ sopClassUid, sopInstanceUid }: Reference): NewElement[] {
  return [
    { tag: 'ReferencedSOPClassUID', value: sopClassUid },
    { tag: 'ReferencedSOPInstanceUID', value: sopInstanceUid },
  ]
}
