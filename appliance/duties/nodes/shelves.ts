import { type Key, keyOf, type Store } from '../../holdings/catalog/catalog.ts'
import type { Notice, Recipient } from './notice.ts'

/*
 * Where notices lie in the store: for each recipient a shelf, on it the notices by their ids.
 */

/** Below it all notices; the rest of the store is for whoever owes them. */
export const owedKey = keyOf('owed')

export const shelfOf = (to: Recipient): Key =>
  owedKey + ('node' in to ? keyOf('node', to.node) : keyOf('aet', to.aet, to.address))

export const keyFor = ({ to, id }: Pick<Notice, 'to' | 'id'>): Key => shelfOf(to) + keyOf(id)

/** The recipients that anything is owed to, with their shelves; one reading of the store for each. */
export function* shelvesIn(store: Store): Generator<readonly [Key, Recipient]> {
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
