import { faultOf } from '../../faults.ts'
import type { Key, Store } from './store.ts'

/** What stands under a key, if anything does and it can be read: for what can be told anew. */
export function legible<T>(store: Store, key: Key): T | undefined {
  try {
    return store.get<T>(key)
  } catch (thrown) {
    if (faultOf(thrown).code !== 'catalogue-damaged') throw thrown
    return undefined
  }
}

/** Whether anything stands under a key, readable or not. */
export function isThere(store: Store, key: Key): boolean {
  try {
    return store.get(key) !== undefined
  } catch (thrown) {
    if (faultOf(thrown).code !== 'catalogue-damaged') throw thrown
    return true
  }
}
