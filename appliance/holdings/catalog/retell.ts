import type { MainTags } from './catalog.ts'
import { childNumbers, entriesOf, searchTags } from './entries.ts'
import { indexText } from './fold.ts'
import { indexOf } from './indexes.ts'
import { storedInstance } from './load.ts'
import type { Recorded, Register } from './register.ts'
import type { Key, Store, Value } from './store.ts'
import { type StoredInstance, type StoredParent, tables } from './tables.ts'

/** See `Register.retell`; one commit, with every entry by which the resources are found. */
export function createRetelling(store: Store): Register['retell'] {
  return (recorded, only) => {
    const { instance, tags } = recorded
    const number = store.get<number>(tables.identity('Instance', instance.id))
    const stored = number && store.get<StoredInstance>(tables.record(number))
    if (!number || !stored || stored.blob !== instance.blob) return false
    const put = new Map<Key, Value>()
    const remove = new Set<Key>()
    const found = (before: [Key, Value][], after: [Key, Value][]) => {
      for (const [key] of before) remove.add(key)
      for (const [key, value] of after) put.set(key, value)
    }
    const revised = stored.revision === undefined ? {} : { revision: stored.revision }
    const entries = (own: MainTags) =>
      entriesOf('Instance', instance.id, number, stored.parent, own)
    if (only === undefined || only === 'Instance') {
      found(entries(stored.tags), entries(instance.tags))
      put.set(tables.record(number), storedInstance({ ...instance, ...revised }, stored.parent))
    }

    let child = number
    for (let above: number | undefined = stored.parent; above !== undefined; ) {
      const [first] = childNumbers(store, above)
      if (first !== child) break
      const parent: StoredParent = store.get<StoredParent>(tables.record(above))!
      if (only === undefined || only === parent.level) retellParent(above, parent)
      child = above
      above = parent.parent
    }
    for (const key of put.keys()) remove.delete(key)
    store.commit({ put: [...put], remove: [...remove] })
    return true

    function retellParent(at: number, parent: StoredParent): void {
      const entriesWith = (of: StoredParent) =>
        entriesOf(of.level, of.id, at, of.parent, searchTags(of))
      const said = saidOf(parent, recorded)
      found(entriesWith(parent), entriesWith(said))
      const { modalities } = (put.get(tables.record(at)) as StoredParent | undefined) ?? parent
      put.set(tables.record(at), { ...said, ...(modalities && { modalities }) })
      if (parent.level === 'Series' && parent.tags.Modality !== tags.series.Modality) {
        modalitiesAgain(at, tags.series.Modality)
      }
    }

    /** A study of which a series has another modality now. */
    function modalitiesAgain(series: number, modality: string | undefined): void {
      const study = store.get<StoredParent>(tables.record(series))!.parent!
      const parent = store.get<StoredParent>(tables.record(study))!
      const all = new Set<string>()
      for (const each of childNumbers(store, study)) {
        const own =
          each === series ? modality : store.get<StoredParent>(tables.record(each))!.tags.Modality
        if (own) all.add(own)
      }
      const key = (each: string) =>
        tables.indexed(indexOf('Study', 'ModalitiesInStudy')!, indexText(each), study)
      found(
        (parent.modalities ?? []).map(each => [key(each), 0]),
        Array.from(all, each => [key(each), 0]),
      )
      put.set(tables.record(study), { ...parent, modalities: [...all] })
    }
  }
}

/** A parent as its first instance tells it. */
function saidOf(parent: StoredParent, { tags, expectedInstances }: Recorded): StoredParent {
  switch (parent.level) {
    case 'Patient':
      return { ...parent, tags: tags.patient }
    case 'Study':
      return { ...parent, tags: tags.study, patientTags: tags.patient }
    case 'Series': {
      const { expectedInstances: _, ...rest } = parent
      return { ...rest, tags: tags.series, ...(expectedInstances && { expectedInstances }) }
    }
  }
}
