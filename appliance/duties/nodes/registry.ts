import { isIP } from 'node:net'
import { Fault } from '../../faults.ts'
import { keyOf, type Store } from '../../holdings/catalog/catalog.ts'
import type { Log } from '../../log.ts'
import { type Node, type NodeInput, nodeSettings } from './settings.ts'

/**
 * The remote nodes we know: those of the configuration file, which only the file changes, and those
 * that were added at run time, which live in the store. A name in both is the file's.
 */
export interface Nodes {
  /** The file's in its order, then the others by name. */
  list(): readonly Node[]
  get(name: string): Node | undefined
  /**
   * Who calls. Of several nodes with that AE title the one whose `host` is the caller's address; of
   * those the first; without any, the first whose `host` is a name, which may be anyone's; then the
   * first.
   */
  ofAeTitle(aet: string, remoteAddress?: string): Node | undefined
  /**
   * Adds a node or puts another in its place; would survive a power cut when it resolves. Faults:
   * `not-allowed` (it is in the configuration file), `request-malformed` (every problem in the
   * detail), `storage-failed`.
   */
  put(node: NodeInput): Promise<Node>
  /** Durable as `put`. Faults: `not-found`, `not-allowed`. */
  remove(name: string): Promise<void>
  /** Whether it is set in the configuration file. */
  isLocked(name: string): boolean
  /** Calls `hear` after each change; answers what ends that. */
  onChange(hear: () => void): () => void
}

export function openNodes(options: { settings: readonly Node[]; store: Store; log: Log }): Nodes {
  const { settings, store, log } = options
  const locked = new Map(settings.map(node => [node.name, node]))
  const added = new Map<string, Node>()
  const listeners = new Set<() => void>()
  for (const [, value] of store.range()) {
    const read = nodeSettings.safeParse(value)
    if (read.success) added.set(read.data.name, read.data)
    else {
      log.warn('node-unreadable', {
        detail: problemsOf(read.error),
        advice: 'A remote node kept by another version cannot be read; add it again.',
      })
    }
  }
  let all: readonly Node[] = []
  function arrange(): void {
    const others = [...added.values()].filter(({ name }) => !locked.has(name))
    all = [...locked.values(), ...others.sort((a, b) => (a.name < b.name ? -1 : 1))]
    for (const hear of listeners) hear()
  }
  arrange()

  function refuseLocked(name: string): void {
    if (locked.has(name))
      throw new Fault(
        'not-allowed',
        `node "${name}" is set in the configuration file; change it there`,
      )
  }

  return {
    list: () => all,
    get: name => locked.get(name) ?? added.get(name),
    isLocked: name => locked.has(name),

    ofAeTitle(aet, remoteAddress) {
      const title = aet.trim()
      const bearers = all.filter(node => node.aet === title)
      if (bearers.length < 2 || remoteAddress === undefined) return bearers[0]
      return (
        bearers.find(node => node.host === remoteAddress) ??
        bearers.find(node => !isAddress(node.host)) ??
        bearers[0]
      )
    },

    async put(input) {
      const read = nodeSettings.safeParse(input)
      if (!read.success) throw new Fault('request-malformed', problemsOf(read.error))
      const node = read.data
      refuseLocked(node.name)
      store.commit({ put: [[keyOf(node.name), node]] })
      added.set(node.name, node)
      arrange()
      await store.flushed()
      return node
    },

    async remove(name) {
      refuseLocked(name)
      if (!added.has(name)) throw new Fault('not-found', `no node is called "${name}"`)
      store.commit({ remove: [keyOf(name)] })
      added.delete(name)
      arrange()
      await store.flushed()
    },

    onChange(hear) {
      listeners.add(hear)
      return () => listeners.delete(hear)
    },
  }
}

function isAddress(host: string): boolean {
  return isIP(host) !== 0
}

function problemsOf(error: {
  issues: readonly { path: readonly PropertyKey[]; message: string }[]
}): string {
  return error.issues
    .map(({ path, message }) =>
      path.length ? `${path.map(String).join('.')}: ${message}` : message,
    )
    .join('; ')
}
