import { faultOf } from '../../faults.ts'
import type { Archive } from '../../holdings/archive/archive.ts'
import type { Log } from '../../log.ts'
import { type Reply, type StoreRequest, status } from '../../standard/dimse/dimse.ts'
import { answerTo } from './faults.ts'

/** Ends of an association that the upper layer itself reports; there is nobody left to answer. */
const goneWithThePeer = new Set(['peer-aborted', 'peer-timeout', 'protocol-broken'])

/**
 * C-STORE as SCP (PS3.4 B.2.3): answered 0x0000 only when the instance would survive a power cut.
 * A repeat of what is already kept is a success, and so is a newcomer that went to quarantine.
 */
export async function store(
  archive: Archive,
  request: StoreRequest,
  surroundings: { log: Log; now: () => Date },
): Promise<Reply> {
  const { association, sopClassUid, sopInstanceUid, transferSyntaxUid } = request
  try {
    await archive.receiveDataset(
      request.data,
      { sopClassUid, sopInstanceUid, transferSyntaxUid },
      {
        door: 'DicomProtocol',
        at: surroundings.now().toISOString(),
        address: association.remoteAddress,
        callingAeTitle: association.callingAeTitle,
        calledAeTitle: association.calledAeTitle,
      },
    )
    return { status: status.success }
  } catch (error) {
    const fault = faultOf(error)
    if (!goneWithThePeer.has(fault.code)) {
      surroundings.log.warn('store-refused', {
        code: fault.code,
        detail: fault.detail,
        from: association.remoteAddress,
        callingAeTitle: association.callingAeTitle,
        sopInstanceUid,
        stack:
          fault.code === 'internal' && fault.cause instanceof Error ? fault.cause.stack : undefined,
        advice: fault.advice,
      })
    }
    return answerTo(fault)
  }
}
