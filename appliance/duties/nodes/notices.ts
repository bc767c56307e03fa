import { type Fault, faultOf } from '../../faults.ts'
import type { Key, Store } from '../../holdings/catalog/catalog.ts'
import type { Peer } from '../../standard/dimse/dimse.ts'
import { associate, type Calling } from './association.ts'
import { type Kind, type Notice, type Recipient, type Saying, say } from './notice.ts'
import { contextFor, during } from './question.ts'
import type { Nodes } from './registry.ts'
import type { Node } from './settings.ts'
import { keyFor, owedKey, shelfOf, shelvesIn } from './shelves.ts'

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
  /** How many there are, of one recipient or of all, counting no further than `limit`. */
  count(limit: number, to?: Recipient): number
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

  function nodeOf(to: Recipient): Node | undefined {
    return 'node' in to ? nodes.get(to.node) : nodes.ofAeTitle(to.aet, to.address)
  }

  function settle(notice: Notice, how: 'taken' | 'dropped'): void {
    const key = keyFor(notice)
    // Another of the same id that came meanwhile stays owed.
    store.commit({ when: [[key, notice]], remove: [key] })
    standings.delete(key)
    kinds[notice.kind]?.settled?.(notice, how)
  }

  /** It waits longer each time, but for one that is to be said at once in another way. */
  function failed(key: Key, fault: Fault, what: Record<string, unknown>, soon = false): void {
    const failures = (standings.get(key)?.failures ?? 0) + 1
    const dueAt = elapsed() + (soon ? 0 : parts.waitAfter(failures) * 1000)
    standings.set(key, { failures, dueAt, why: fault.detail || fault.advice })
    log[failures === 1 ? 'warn' : 'debug']('notice-not-taken', {
      ...what,
      ...{ code: fault.code, failures },
      advice: `${fault.advice} It is tried again by itself.`,
    })
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
      else settle(notice, 'dropped')
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
            settle(notice, 'taken')
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

  function begin(stop: AbortSignal): Promise<void>[] {
    const begun: Promise<void>[] = []
    for (const [shelf, to] of shelvesIn(store)) {
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
    for (const [, notice] of store.range<Notice>({ under: shelf })) settle(notice, 'dropped')
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
    count: (limit, to) => store.count({ under: to ? shelfOf(to) : owedKey, limit }),

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
            settle(notice, 'taken')
          }
        } catch (thrown) {
          const fault = faultOf(thrown)
          const { kind, to } = notice
          // That it went is nothing to tell: the report follows on an association of our own.
          if (fault.code === 'peer-failed') failed(key, fault, { kind, ...to }, true)
          else log.debug('notice-not-taken', { code: fault.code, kind })
        } finally {
          inHand.delete(key)
          ring()
        }
      }
    },

    withdraw(to, id) {
      const key = keyFor({ to, id })
      const notice = store.get<Notice>(key)
      if (notice) settle(notice, 'dropped')
      return notice !== undefined
    },
  }
}
