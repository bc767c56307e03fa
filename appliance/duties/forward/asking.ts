import { type FaultCode, faultOf } from '../../faults.ts'
import type { Instance, PublicId } from '../../holdings/catalog/catalog.ts'
import type { Log } from '../../log.ts'
import { type Destination, whyOf } from './destinations/destination.ts'
import { noteFailure } from './pass.ts'
import type { Standings } from './standing.ts'
import type { Unverified, Verification } from './verification.ts'

/** Seconds to leave a destination alone that did not understand the question. */
const questionAgainAfter = 3600
const unreachable = new Set<FaultCode>([
  'peer-unreachable',
  'peer-refused',
  'peer-timeout',
  'peer-aborted',
])

/** Asks the far side what it has of a study that it accepted, and writes the answer down. */
export async function verify(
  parts: {
    destination: Destination
    verification: Verification
    standings: Standings
    instance(id: PublicId): Instance | undefined
    log: Log
  },
  asked: Unverified,
  stop: AbortSignal,
): Promise<void> {
  const { destination, verification, standings, log } = parts
  const { name } = destination
  try {
    const instances = asked.deliveries.flatMap(each => parts.instance(each.instance) ?? [])
    const held = await destination.held?.(instances, stop, verification.delivered(asked, name))
    if (!held) return verification.waive(name)
    const missing = verification.settle(asked, held, name)
    standings.answered(name)
    if (missing === 0) return
    log.warn('images-missing', {
      destination: name,
      study: asked.study,
      missing,
      advice: 'They are sent again; look why the destination accepts images and forgets them.',
    })
  } catch (error) {
    if (stop.aborted) return
    const fault = faultOf(error)
    if (unreachable.has(fault.code)) return noteFailure(parts, whyOf(fault), false)
    verification.postpone(asked, name, questionAgainAfter)
    log.warn('verification-failed', {
      destination: name,
      study: asked.study,
      code: fault.code,
      detail: fault.detail,
      advice: 'The destination does not say what it has; let it answer, or ask it for less.',
    })
  }
}
