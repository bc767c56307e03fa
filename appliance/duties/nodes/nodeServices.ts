import type { Archive, Service } from '../../holdings/archive/archive.ts'
import type { Store } from '../../holdings/catalog/catalog.ts'
import type { Calling } from './association.ts'
import { availabilityNotices, createAvailability } from './availability.ts'
import { type Commitments, createCommitments } from './commitment.ts'
import { createNotices, type Notices } from './notices.ts'
import { type CommitmentOwed, createPromises, owedOf, type Promises } from './promises.ts'
import { commitmentReports } from './promising.ts'
import type { Nodes } from './registry.ts'
import { createRequesting } from './requesting.ts'

/** What lasts longer than a question: commitments both ways, and what nodes are told by themselves. */
export interface NodeServices {
  commitments: Commitments & Promises
  notices: Pick<Notices, 'waiting' | 'withdraw'>
  /** For the supervisor to run. */
  services: readonly Service[]
}

export function createNodeServices(parts: {
  nodes: Nodes
  archive: Archive
  /** The catalogue's own, so that no cursor survives a change it has read. */
  store: Store
  calling: Calling
  /** Seconds to wait after the n-th failure in a row, from 1. */
  waitAfter: (failures: number) => number
  now: () => Date
  /** ms by a clock that only goes forward. */
  elapsed: () => number
  pause: (seconds: number, stop: AbortSignal) => Promise<void>
  random: (bytes: number) => Uint8Array
  /** Told of each report that is owed no more: it was taken, or is not to be said. */
  reported?: (owed: CommitmentOwed, how: 'taken' | 'dropped') => void
}): NodeServices {
  const { nodes, archive, calling, waitAfter, now, elapsed, pause, random } = parts
  const store = parts.store.space('notices')
  const ending = new AbortController()
  const reports = commitmentReports(archive, (notice, how) =>
    parts.reported?.(owedOf(notice, reports), how),
  )
  const notices = createNotices({
    ...{ store, nodes, calling, waitAfter, elapsed, pause },
    kinds: {
      commitment: reports,
      availability: availabilityNotices(archive, calling.aeTitle),
    },
  })
  const requesting = createRequesting({
    ...{ calling, now, random, pause, ending: ending.signal },
    store: parts.store.space('commitments'),
  })
  const delivery: Service = {
    name: notices.name,
    async run(stop) {
      stop.addEventListener('abort', () => ending.abort(), { once: true })
      await notices.run(stop)
    },
  }
  return {
    commitments: {
      ...createCommitments({ store, notices, requesting, now }),
      ...createPromises({ store, notices, reports }),
    },
    notices,
    services: [delivery, createAvailability({ archive, nodes, notices, store, now, random })],
  }
}
