import { type Fault, faultOf } from '../../faults.ts'
import type { Archive } from '../../holdings/archive/archive.ts'
import type { Instance } from '../../holdings/catalog/catalog.ts'
import {
  formatStatus,
  type OutgoingAssociation,
  type OutgoingContext,
  statusKind,
} from '../../standard/dimse/dimse.ts'
import type { SendOptions, Sent } from './asking.ts'
import { associate, type Calling } from './association.ts'
import { during } from './question.ts'
import type { Node } from './settings.ts'
import { mostContexts } from './storageContexts.ts'

/**
 * C-STORE as SCU: stored bytes go out unread. One context for each pair of SOP class and transfer
 * syntax that occurs; further associations when there are more than one has room for, and after one
 * that a file of ours broke off in the middle of a message.
 */
export async function* store(
  parts: { calling: Calling; archive: Pick<Archive, 'open'> },
  node: Node,
  instances: readonly Instance[],
  { cancel, stop, ...originator }: SendOptions = {},
): AsyncGenerator<Sent, void, undefined> {
  let waiting = instances
  while (waiting.length > 0 && !cancel?.aborted) {
    const { batch, contexts } = fitting(waiting)
    const opening = associate(node, parts.calling, { contexts, stop })
    const done = yield* during(opening, async function* (association) {
      for (const [at, instance] of batch.entries()) {
        if (cancel?.aborted) return batch.length
        const { sent, broken } = await send(parts.archive, association, instance, originator)
        yield sent
        if (broken) return at + 1
      }
      return batch.length
    })
    waiting = waiting.slice(done)
  }
}

/** The instances from the front that fit one association, with its contexts. */
function fitting(instances: readonly Instance[]): {
  batch: readonly Instance[]
  contexts: OutgoingContext[]
} {
  const contexts = new Map<string, OutgoingContext>()
  for (const [at, { sopClassUid, transferSyntaxUid }] of instances.entries()) {
    const pair = `${sopClassUid} ${transferSyntaxUid}`
    if (!contexts.has(pair) && contexts.size === mostContexts)
      return { batch: instances.slice(0, at), contexts: [...contexts.values()] }
    contexts.set(pair, { abstractSyntax: sopClassUid, transferSyntaxes: [transferSyntaxUid] })
  }
  return { batch: instances, contexts: [...contexts.values()] }
}

async function send(
  archive: Pick<Archive, 'open'>,
  association: OutgoingAssociation,
  instance: Instance,
  originator: Pick<SendOptions, 'moveOriginatorAeTitle' | 'moveOriginatorMessageId'>,
): Promise<{ sent: Sent; broken?: boolean }> {
  const { sopClassUid, sopInstanceUid, transferSyntaxUid } = instance
  if (!association.accepted(sopClassUid, transferSyntaxUid)) {
    const why = `it takes no ${sopClassUid} in ${transferSyntaxUid}`
    return { sent: { instance, outcome: 'failed', code: 'peer-declined', why } }
  }
  let local: Fault | undefined
  let begun = false
  async function* dataset() {
    try {
      for await (const chunk of archive.open(instance.id, {
        from: instance.datasetOffset,
        to: instance.bytes,
      })) {
        begun = true
        yield chunk
      }
    } catch (thrown) {
      local = faultOf(thrown)
      throw local
    }
  }
  try {
    const data = dataset()
    const reply = await association.store({
      ...{ sopClassUid, sopInstanceUid, transferSyntaxUid, data },
      ...originator,
    })
    const { status, errorComment } = reply
    const kind = statusKind(status)
    if (kind === 'success' || kind === 'warning')
      return { sent: { instance, outcome: 'taken', status } }
    const why = `C-STORE was answered ${formatStatus(status)}${errorComment ? `: ${errorComment}` : ''}`
    return { sent: { instance, outcome: 'failed', status, code: 'peer-failed', why } }
  } catch (thrown) {
    if (!local) throw thrown
    const { code, detail, advice } = local as Fault
    // Before the first byte nothing was said; a message that was begun ends its association.
    return { sent: { instance, outcome: 'failed', code, why: detail || advice }, broken: begun }
  }
}
