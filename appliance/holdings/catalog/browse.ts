import type { Catalog, Change, Family, Level, Parent, PublicId, Totals } from './catalog.ts'
import { levels } from './catalog.ts'
import type { Told } from './changelog.ts'
import { childNumbers, seriesStatusOf } from './entries.ts'
import { identifierText } from './fold.ts'
import { numberAt } from './key.ts'
import { loadInstance, loadParent, noTotals } from './load.ts'
import { createSearch } from './search.ts'
import type { Store } from './store.ts'
import {
  isPublicId,
  numberOf,
  packId,
  type StoredChange,
  type StoredParent,
  tables,
  unpackId,
} from './tables.ts'

/** The catalogue's reading side, without searching. */
export function createCatalog(store: Store, log: Told): Catalog {
  const numberAtLevel = (level: Level, id: PublicId) =>
    store.get<number>(tables.identity(level, id))

  function find(id: PublicId): { level: Level; number: number } | undefined {
    if (!isPublicId(id)) return undefined
    for (const level of levels) {
      const number = numberAtLevel(level, id)
      if (number !== undefined) return { level, number }
    }
    return undefined
  }

  function* below(level: Level, number: number): Iterable<number> {
    if (level === 'Instance') {
      yield number
      return
    }
    const next = levels[levels.indexOf(level) + 1]!
    for (const child of childNumbers(store, number)) yield* below(next, child)
  }

  function shown(stored: StoredParent): Parent {
    const { parent, ...rest } = stored
    if (parent === undefined) return rest
    // Its identifier alone is a much smaller entry than its record.
    const above = levels[levels.indexOf(rest.level) - 1]!
    return { ...rest, parent: unpackId(store.get<string>(tables.arrival(above, parent))!) }
  }

  function childrenOf(number: number): PublicId[] {
    const children = store.range<string>({ under: tables.children(number) })
    return Array.from(children, ([, packed]) => unpackId(packed)).sort()
  }

  /** What was made of records, as long as they are the same: a parent's changes with its children. */
  const families = new WeakMap<StoredParent, Family>()
  function familyOf(number: number, stored: StoredParent): Family {
    let family = families.get(stored)
    if (!family) {
      family = { parent: shown(stored), children: childrenOf(number) }
      families.set(stored, family)
    }
    return family
  }

  return {
    instance(id) {
      const number = isPublicId(id) ? numberAtLevel('Instance', id) : undefined
      return number === undefined ? undefined : loadInstance(store, number)
    },

    parent(id) {
      const found = find(id)
      if (!found || found.level === 'Instance') return undefined
      return shown(store.get<StoredParent>(tables.record(found.number))!)
    },

    family(level, id) {
      const found = isPublicId(id) ? loadParent(store, level, id) : undefined
      return found && familyOf(found.number, found.parent)
    },

    ids(level, page = {}) {
      const prefix = tables.identities(level)
      const { since, limit, after } = page
      const range = {
        under: prefix,
        ...(after !== undefined && { from: `${packId(after)}\0` }),
        ...(since !== undefined && { skip: since }),
        ...(limit !== undefined && { limit }),
      }
      return Array.from(store.range(range), ([key]) => unpackId(key.slice(prefix.length)))
    },

    children(id) {
      const found = find(id)
      return !found || found.level === 'Instance' ? [] : childrenOf(found.number)
    },

    *instancesOf(id) {
      const found = find(id)
      if (!found) return
      for (const number of below(found.level, found.number)) {
        const instance = loadInstance(store, number)
        if (instance) yield instance
      }
    },

    levelOf: id => find(id)?.level,

    lookup(identifier) {
      const text = identifierText(identifier)
      return levels.flatMap(level =>
        Array.from(store.range({ under: tables.identifiers(level, text) }), ([key]) => ({
          level,
          id: store.get<{ id: PublicId }>(tables.record(numberOf(key)))!.id,
        })),
      )
    },

    ...createSearch(store, { find, below }),

    totals: () => ({ ...(store.get<Totals>(tables.fact('totals')) ?? noTotals) }),

    changes(after, limit) {
      const told = log.since(after, limit)
      if (told) return told
      const prefix = tables.changes
      const range = { under: prefix, from: tables.change(after + 1).slice(prefix.length), limit }
      return Array.from(store.range<StoredChange>(range), ([key, [kind, level, id, at]]) => {
        const change: Change = { seq: numberAt(key, 1), kind, level: levels[level]!, id, at }
        return change
      })
    },

    lastChange: () => store.get<number>(tables.fact('seq')) ?? 0,

    seriesStatus(id) {
      const found = isPublicId(id) ? loadParent(store, 'Series', id) : undefined
      return found ? seriesStatusOf(store, found.number, found.parent.expectedInstances) : 'Unknown'
    },
  }
}
