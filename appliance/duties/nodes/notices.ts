import { Fault, faultOf } from '../../faults.ts'
import { type Key, keyOf, type Store } from '../../holdings/catalog/catalog.ts'
import { type NewElement, writeDataset } from '../../standard/dicom/dicom.ts'
import { type OutgoingRequest, type Peer, status, statusKind } from '../../standard/dimse/dimse.ts'
import { associate, type Calling } from './association.ts'
import { contextFor, during, refusal } from './question.ts'
import type { Nodes } from './registry.ts'
import type { Node } from './settings.ts'

/** Whom a notice is for: a known node, or whoever called under an AE title. */
export type Recipient = { node: string } | { aet: string; address: string }

/**
 * Something a node must be told, until it takes it. It never changes: how often it was tried is
 * forgotten at a restart, which tries again at once.
 */
export interface Notice {
  /** One of the same id for the same recipient takes its place. */
  id: string
  to: Recipient
  kind: string
  /** Plain data for its kind. */
  about: unknown
  /** The AE title to speak under, where the node has no `localAet`. */
  as?: string
  /** ms since 1970, by this box's clock. */
  since: number
}

/** What is said to a node, in one request. */
export interface Saying {
  request: Omit<OutgoingRequest, 'dataset' | 'transferSyntaxUid'>
  elements: readonly NewElement[]
}

/** A kind of notice. */
export interface Kind {
  sopClassUid: string
  /** Asked for as the SCP that we are (PS3.7 D.3.3.4). */
  role?: { scu: boolean; scp: boolean }
  /** What to say now; `undefined`: nothing any more. */
  compose(notice: Notice, node: Node | undefined): Promise<Saying | undefined>
  /** It was taken, or there is nothing left to say. */
  settled?(notice: Notice): void
}

/** A notice and how it stands. */
export interface NoticeReport extends Notice {
  failures: number
  why?: string
}

export interface Notices {
  name: string
  run(stop: AbortSignal): Promise<void>
  /** The write that makes it owed, for a transaction; `ring` when that is done. */
  owed(notice: Notice): readonly [Key, Notice]
  ring(): void
  /** How many there are, counting no further than `limit`. */
  count(limit: number): number
  waiting(): Iterable<NoticeReport>
  /**
   * Keeps a notice from going out on a new association until the answer is called: with one that
   * stands, to say it there; without, to let it go its usual way. What fails there stays owed.
   */
  hold(notice: Notice): (peer?: Peer) => Promise<void>
  /** It will not be said. */
  withdraw(to: Recipient, id: string): boolean
}

export interface NoticesParts {
  store: Store
  nodes: Nodes
  calling: Calling
  kinds: Readonly<Record<string, Kind>>
  /** Seconds to wait after the n-th failure in a row, from 1. */
  waitAfter: (failures: number) => number
  /** ms by a clock that only goes forward. */
  elapsed: () => number
  pause: (seconds: number, stop: AbortSignal) => Promise<void>
}

/** Composed before the association is asked for, so that it does not stand idle meanwhile. */
const atOnce = 64
const longestPause = 3_600

/** Below it, by recipient and id, the notices; the rest of the store is for whoever owes them. */
const owedKey = keyOf('owed')

/** A wait after failures in a row, in memory. */
interface Standing {
  failures: number
  dueAt: number
  why: string
}

/**
 * The durable list of notices and the service that delivers them: one association at a time for each
 * recipient, so that one that is down holds up no other.
 */
export function createNotices(parts: NoticesParts): Notices {
  const { store, nodes, calling, kinds, elapsed, pause } = parts
  const { log } = calling
  /** Of recipients that cannot be reached, and of notices that were refused, by their keys. */
  const standings = new Map<Key, Standing>()
  /** Being said on an association that stood already. */
  const inHand = new Set<Key>()
  const underWay = new Set<Key>()
  let nap = new AbortController()
  const ring = () => nap.abort()

  const shelfOf = (to: Recipient) =>
    owedKey + ('node' in to ? keyOf('node', to.node) : keyOf('aet', to.aet, to.address))
  const keyFor = ({ to, id }: Pick<Notice, 'to' | 'id'>) => shelfOf(to) + keyOf(id)

  function nodeOf(to: Recipient): Node | undefined {
    return 'node' in to ? nodes.get(to.node) : nodes.ofAeTitle(to.aet, to.address)
  }

  function settle(notice: Notice): void {
    const key = keyFor(notice)
    // Another of the same id that came meanwhile stays owed.
    store.commit({ when: [[key, notice]], remove: [key] })
    standings.delete(key)
    kinds[notice.kind]?.settled?.(notice)
  }

  function failed(key: Key, fault: Fault, what: Record<string, unknown>): void {
    const failures = (standings.get(key)?.failures ?? 0) + 1
    const dueAt = elapsed() + parts.waitAfter(failures) * 1000
    standings.set(key, { failures, dueAt, why: fault.detail || fault.advice })
    log[failures === 1 ? 'warn' : 'debug']('notice-not-taken', {
      ...what,
      ...{ code: fault.code, failures },
      advice: `${fault.advice} It is tried again by itself.`,
    })
  }

  async function say(peer: Peer, saying: Saying): Promise<void> {
    const { sopClassUid, operation } = saying.request
    const as = operation === 'N-EVENT-REPORT' ? 'scp' : 'scu'
    const agreed = peer.accepted(sopClassUid, undefined, as)
    if (!agreed) throw new Fault('peer-declined', `it takes no ${operation} of ${sopClassUid}`)
    const { transferSyntaxUid } = agreed
    const dataset = writeDataset(saying.elements, transferSyntaxUid)
    for await (const reply of peer.perform({ ...saying.request, transferSyntaxUid, dataset })) {
      // A repeat of what was taken, whose answer was lost.
      if (reply.status === status.duplicateSopInstance) return
      if (statusKind(reply.status) === 'failure') throw refusal(operation, reply)
    }
  }

  const isDue = (key: Key) => !inHand.has(key) && (standings.get(key)?.dueAt ?? 0) <= elapsed()

  function hasDue(shelf: Key): boolean {
    for (const [key] of store.range({ under: shelf })) if (isDue(key)) return true
    return false
  }

  /** What can be said to a recipient now. */
  async function composed(shelf: Key, node: Node) {
    const sayings: { key: Key; notice: Notice; saying: Saying }[] = []
    for (const [key, notice] of store.range<Notice>({ under: shelf })) {
      if (!isDue(key)) continue
      const saying = await kinds[notice.kind]?.compose(notice, node)
      if (saying) sayings.push({ key, notice, saying })
      else settle(notice)
      if (sayings.length === atOnce) break
    }
    return sayings
  }

  async function deliver(shelf: Key, node: Node, stop: AbortSignal): Promise<void> {
    for (;;) {
      const sayings = await composed(shelf, node)
      if (sayings.length === 0 || stop.aborted) return
      const asked = new Map(sayings.map(({ notice }) => [notice.kind, kinds[notice.kind]!]))
      const contexts = [...asked.values()].map(({ sopClassUid, role }) => ({
        ...contextFor(sopClassUid),
        ...(role ? { role } : {}),
      }))
      const as = sayings[0]!.notice.as
      const caller = as && !node.localAet ? { ...node, localAet: as } : node
      const opening = associate(caller, calling, { contexts, stop })
      const said = during(opening, async function* (association) {
        for (const { key, notice, saying } of sayings) {
          if (stop.aborted) return
          try {
            await say(association, saying)
            settle(notice)
          } catch (thrown) {
            const fault = faultOf(thrown)
            if (fault.code !== 'peer-failed') throw fault
            failed(key, fault, { node: node.name, kind: notice.kind })
          }
          yield
        }
      })
      for await (const _one of said) standings.delete(shelf)
    }
  }

  /** The recipients that anything is owed to. */
  function* shelves(): Generator<readonly [Key, Recipient]> {
    let from: Key = ''
    for (;;) {
      const [found] = store.range<Notice>({ under: owedKey, from, limit: 1 })
      if (!found) return
      const shelf = shelfOf(found[1].to)
      yield [shelf, found[1].to]
      // The keys of a shelf begin with it; it ends with a zero byte.
      from = `${shelf.slice(owedKey.length, -1)}\x01`
    }
  }

  function begin(stop: AbortSignal): Promise<void>[] {
    const begun: Promise<void>[] = []
    for (const [shelf, to] of shelves()) {
      if (underWay.has(shelf) || !isDue(shelf) || !hasDue(shelf)) continue
      const node = nodeOf(to)
      // A notice for a node that was removed is over; a stranger's waits until it is known.
      if (!node && !('node' in to)) continue
      underWay.add(shelf)
      const work = node ? deliver(shelf, node, stop) : dropAll(shelf)
      begun.push(
        work
          .catch((thrown: unknown) => {
            if (stop.aborted) return
            failed(shelf, faultOf(thrown), { node: node?.name })
          })
          .finally(() => {
            underWay.delete(shelf)
            ring()
          }),
      )
    }
    return begun
  }

  async function dropAll(shelf: Key): Promise<void> {
    for (const [, notice] of store.range<Notice>({ under: shelf })) settle(notice)
  }

  /** Seconds until something is due again. */
  function untilDue(): number {
    const times = [...standings.values()].map(({ dueAt }) => dueAt).filter(at => at > elapsed())
    return Math.min(longestPause, ...times.map(at => (at - elapsed()) / 1000))
  }

  return {
    name: 'notices',
    ring,
    owed: notice => [keyFor(notice), notice],
    count: limit => store.count({ under: owedKey, limit }),

    async run(stop) {
      // A node that is new or was changed may be reached at once.
      const forget = nodes.onChange(() => {
        standings.clear()
        ring()
      })
      const working = new Set<Promise<void>>()
      while (!stop.aborted) {
        nap = new AbortController()
        for (const work of begin(stop)) {
          working.add(work)
          void work.then(() => working.delete(work))
        }
        await pause(untilDue(), AbortSignal.any([stop, nap.signal]))
      }
      forget()
      await Promise.all(working)
    },

    *waiting() {
      for (const [key, notice] of store.range<Notice>({ under: owedKey })) {
        const { failures, why } = standings.get(key) ??
          standings.get(shelfOf(notice.to)) ?? { failures: 0, why: undefined }
        yield { ...notice, failures, ...(why ? { why } : {}) }
      }
    },

    hold(notice) {
      const key = keyFor(notice)
      inHand.add(key)
      return async peer => {
        try {
          const saying = peer && (await kinds[notice.kind]!.compose(notice, nodeOf(notice.to)))
          if (saying) {
            await say(peer, saying)
            settle(notice)
          }
        } catch (thrown) {
          log.debug('notice-not-taken', { code: faultOf(thrown).code, kind: notice.kind })
        } finally {
          inHand.delete(key)
          ring()
        }
      }
    },

    withdraw(to, id) {
      const key = keyFor({ to, id })
      const notice = store.get<Notice>(key)
      if (notice) settle(notice)
      return notice !== undefined
    },
  }
}
