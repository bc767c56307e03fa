import type { Instance } from '../../../holdings/catalog/catalog.ts'
import { formatStatus, status, statusKind } from '../../../standard/dimse/dimse.ts'
import type { Receipt, Why } from './destination.ts'

type Outcome = { outcome: 'accepted' | 'again' | 'declined'; unwell?: boolean; advice: string }

const taken = 'Nothing to do: the destination has it.'
const fix = 'Mend it there, or withdraw it; then "retry".'

/** Codes whose meaning for a C-STORE differs from what their kind says, PS3.4 B.2.3 and PS3.7 C. */
const byCode: Readonly<Record<number, Outcome>> = {
  // The far side has this SOP Instance UID already: an answer of ours that was lost, or a repeat.
  [status.duplicateSopInstance]: { outcome: 'accepted', advice: taken },
  [status.processingFailure]: {
    outcome: 'again',
    advice: 'The destination failed inside; its log says why. It is tried again by itself.',
  },
  [status.duplicateInvocation]: {
    outcome: 'again',
    advice: 'The destination confused two messages. It is tried again by itself.',
  },
  [status.resourceLimitation]: {
    outcome: 'again',
    unwell: true,
    advice: 'The destination is at its limit. It is tried again by itself.',
  },
  [status.sopClassNotSupported]: {
    outcome: 'declined',
    advice: `The destination does not store this kind of image. ${fix}`,
  },
  [status.notAuthorized]: {
    outcome: 'declined',
    advice: 'The destination does not let this box store: add our AE title there, then "retry".',
  },
}

const again: Outcome = {
  outcome: 'again',
  advice: 'An answer that settles nothing. It is tried again by itself.',
}

/** Failures that no code above names: by the ranges of PS3.4 table B.2-1, else a plain no. */
function failure(code: number): Outcome {
  if (code >> 8 === 0xa7) {
    return {
      outcome: 'again',
      unwell: true,
      advice: 'The destination has no room left; free some there. It is tried again by itself.',
    }
  }
  if (code >> 8 === 0xa9) {
    return {
      outcome: 'declined',
      advice: `The destination finds that the image contradicts its SOP class. ${fix}`,
    }
  }
  if (code >> 12 === 0xc) {
    return {
      outcome: 'declined',
      advice: `The destination cannot take the image as it is; its log says why. ${fix}`,
    }
  }
  // PS3.7 Annex C: 01xx and 02xx are failures of the request itself.
  if (code >> 8 === 0x01 || code >> 8 === 0x02) {
    return { outcome: 'declined', advice: `The destination finds the request wrong. ${fix}` }
  }
  return again
}

/**
 * What a C-STORE's status means for a delivery. Success, warnings (coerced, elements discarded) and
 * "duplicate" are `accepted`; no room, processing failure and whatever settles nothing come `again`;
 * the rest is `declined`.
 */
export function receiptOf(
  instance: string,
  reply: { status: number; errorComment?: string },
): Receipt {
  const code = reply.status
  if (code === status.success) return { instance, outcome: 'accepted', status: code }
  const kind = statusKind(code)
  const outcome =
    byCode[code] ??
    (kind === 'warning'
      ? { outcome: 'accepted' as const, advice: taken }
      : kind === 'failure'
        ? failure(code)
        : again)
  const why: Why = {
    code: outcome.outcome === 'declined' ? 'peer-declined' : 'peer-failed',
    detail: `answered ${formatStatus(code)}${reply.errorComment ? ` "${reply.errorComment}"` : ''}`,
    advice: outcome.advice,
  }
  if (outcome.outcome === 'accepted') why.code = 'peer-remarked'
  const receipt = { instance, status: code, why }
  if (outcome.outcome !== 'again') return { ...receipt, outcome: outcome.outcome }
  return { ...receipt, outcome: 'again', ...(outcome.unwell ? { unwell: true } : {}) }
}

/** What Azure's STOW-RS says instead of PS3.7 C.5.12's 0x0111. */
const duplicateOfAzure = 0xb00e

/** 'Already there' is success unless what is there has other bytes than ours has by now. */
export function atRevision(receipt: Receipt, { revision }: Instance): Receipt {
  if (receipt.outcome !== 'accepted' || !revision) return receipt
  const { instance, status: code } = receipt
  if (code !== status.duplicateSopInstance && code !== duplicateOfAzure) return receipt
  return {
    ...{ instance, outcome: 'declined', status: code },
    why: {
      code: 'peer-declined',
      detail: 'the destination has an image under this UID, and here its bytes were replaced since',
      advice: 'Remove the older one there, then "retry".',
    },
  }
}
