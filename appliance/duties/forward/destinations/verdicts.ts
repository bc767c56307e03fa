import { Fault } from '../../../faults.ts'
import { status as dimseStatus, formatStatus } from '../../../standard/dimse/dimse.ts'
import { receiptOf } from './answers.ts'
import { type Receipt, type Why, whyOf } from './destination.ts'
import type { Answer } from './exchange.ts'
import { destinationFault } from './httpFaults.ts'
import { readStowAnswer } from './stowAnswer.ts'

/** What an answer says of an instance; `doubt` settles it only with a look at what is held there. */
export type Verdict = { receipt: Receipt } | { doubt: Receipt }

/**
 * What the answer to a whole request means: something for each instance in it; that each should go
 * in a request of its own to find the one that is to blame, or fewer of them together; or, thrown,
 * a fault of the destination as a whole.
 */
export type Judgement = ReadonlyMap<string, Verdict> | 'one by one' | 'fewer' | 'length wanted'

type Named = { id: string; sopInstanceUid: string }

/** Azure's, where another is at work on the same instance at this moment. */
const beingStored = 0xb00f

const conflict: Omit<Why, 'detail'> = {
  code: 'peer-declined',
  advice:
    'The destination has something against it, and does not list it; its log says what. Mend it there, or withdraw it; then "retry".',
}

/** Statuses that may be the fault of one instance among many. */
const ofOneInstance = new Set([400, 406, 409, 415, 422])

/** PS3.18 §10.5.3 and table I.2-2: by the failure reason of each instance, else by the status. */
export function judge(answer: Answer, url: URL, sent: readonly Named[]): Judgement {
  const { status } = answer
  if (status === 411) return 'length wanted'
  const told = readStowAnswer(answer.text)
  const named = told && told.stored.size + told.failed.size > 0
  const good = status >= 200 && status < 300
  const whole = named || good ? undefined : destinationFault(answer, url)
  if (whole) throw whole
  if (!good && !named && sent.length > 1) return status === 413 ? 'fewer' : 'one by one'
  const verdict = ({ id, sopInstanceUid }: Named): Verdict => {
    if (told?.failed.has(sopInstanceUid))
      return byReason(id, told.failed.get(sopInstanceUid), answer)
    if (told?.stored.has(sopInstanceUid)) return taken(id, told.stored.get(sopInstanceUid), answer)
    // A server that says of no instance what became of it has told all with its status.
    const silent = !named && !told?.nameless
    if (good && answer.whole && silent && status !== 202)
      return { receipt: { instance: id, outcome: 'accepted', status } }
    if (good) return { doubt: unsettled(id, answer, 'did not say what became of it') }
    return byStatus(id, answer)
  }
  return new Map(sent.map(each => [each.id, verdict(each)]))
}

function taken(instance: string, warning: number | undefined, { status }: Answer): Verdict {
  if (warning === undefined || warning === 0)
    return { receipt: { instance, outcome: 'accepted', status } }
  const why = {
    code: 'peer-remarked',
    detail: `stored with the warning ${formatStatus(warning)}`,
    advice: 'Nothing to do: the destination has it.',
  }
  return { receipt: { instance, outcome: 'accepted', status: warning, why } }
}

function byReason(instance: string, reason: number | undefined, answer: Answer): Verdict {
  if (reason === beingStored)
    return { doubt: unsettled(instance, answer, `answered ${formatStatus(reason)}`) }
  // "Processing failure" is what many say of an instance that they have already.
  const vague = reason === undefined || reason === dimseStatus.processingFailure
  if (!vague) return { receipt: receiptOf(instance, { status: reason }) }
  if (answer.status === 409) return byStatus(instance, answer)
  return { doubt: receiptOf(instance, { status: dimseStatus.processingFailure }) }
}

/** An instance alone in its request, of which only the status speaks. */
function byStatus(instance: string, { status, retryAfter }: Answer): Verdict {
  if (status === 409)
    return {
      doubt: {
        ...{ instance, outcome: 'declined', status },
        why: { ...conflict, detail: 'answered 409, a conflict' },
      },
    }
  if (ofOneInstance.has(status) || status === 413) {
    const why = {
      code: 'peer-declined',
      detail: `answered ${status}${status === 413 ? ': too large for it' : ''}`,
      advice:
        status === 413
          ? 'Let the destination take larger requests, then "retry".'
          : 'The destination cannot take the image as it is; its log says why. Mend it there, or withdraw it; then "retry".',
    }
    return { receipt: { instance, outcome: 'declined', status, why } }
  }
  const fault = new Fault('peer-failed', `answered ${status}`, { retryAfter })
  return { receipt: { instance, outcome: 'again', status, why: whyOf(fault) } }
}

function unsettled(instance: string, { status, retryAfter }: Answer, detail: string): Receipt {
  const fault = new Fault('peer-failed', `${detail}, with ${status}`, { retryAfter })
  return { instance, outcome: 'again', status, why: whyOf(fault) }
}

/** What became of a doubtful one that the far side lists. */
export function foundThere({ instance, status }: Receipt & { status?: number }): Receipt {
  return {
    ...{ instance, outcome: 'accepted' },
    ...(status === undefined ? {} : { status }),
    why: {
      code: 'peer-remarked',
      detail: 'the destination lists it already',
      advice: 'Nothing to do: the destination has it.',
    },
  }
}
