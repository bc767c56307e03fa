import { Fault } from '../../appliance/faults.ts'
import type { OpenStore, Store, Writes } from '../../appliance/holdings/catalog/catalog.ts'

/** What goes wrong at the n-th call (from 1) of a verb since the store was opened. */
export interface StoreTrouble {
  verb: 'commit' | 'flushed'
  at: number
  /** `full`, `failing`: the disk's error, nothing is written. `slow`: waits for `until` (`flushed`). */
  how: 'full' | 'failing' | 'slow'
  until?: Promise<void>
}

/** So many calls of each verb were made, of the store and of all its spaces together. */
export type StoreCalls = Record<StoreTrouble['verb'], number>

/** A store in which things go wrong as listed. The list may be changed while it is used. */
export function faultyStore(
  inner: OpenStore,
  troubles: readonly StoreTrouble[],
  calls: StoreCalls,
): OpenStore {
  const troubleOf = (verb: StoreTrouble['verb']): StoreTrouble | undefined => {
    const call = ++calls[verb]
    return troubles.find(each => each.verb === verb && each.at === call)
  }
  const error = ({ how }: StoreTrouble) =>
    how === 'full' ? new Fault('storage-full', 'ENOSPC') : new Fault('storage-failed', 'EIO')

  const spoiled = <S extends Store>(store: S): S => ({
    ...store,
    commit(writes: Writes) {
      const trouble = troubleOf('commit')
      if (trouble) throw error(trouble)
      return store.commit(writes)
    },
    async flushed() {
      const trouble = troubleOf('flushed')
      if (trouble?.how === 'slow') await trouble.until
      else if (trouble) throw error(trouble)
      await store.flushed()
    },
    space: (name: string) => spoiled(store.space(name)),
  })
  return spoiled(inner)
}
