import type { BlobKey } from '../storage/storage.ts'
import type { Level, MainTags, PublicId, Totals } from './catalog.ts'
import type { ChangeLog } from './changelog.ts'
import { entriesOf, searchTags, seriesStatusOf } from './entries.ts'
import { indexText } from './fold.ts'
import { createForgetting } from './forget.ts'
import { indexOf } from './indexes.ts'
import { isThere, legible } from './legible.ts'
import { loadInstance, loadParent, noTotals, storedInstance } from './load.ts'
import type { Quarantined, Recorded, Register } from './register.ts'
import { createRetelling } from './retell.ts'
import type { Key, Store, Value } from './store.ts'
import { numberOf, type StoredInstance, type StoredParent, tables } from './tables.ts'

/**
 * The catalogue's writing side: the only place where resources, totals and changes change. A
 * parent's record keeps its sums, so that the cost of an instance does not grow with its siblings.
 */
export function createRegister(options: {
  store: Store
  now: () => Date
  log: ChangeLog
  /** The number of a new resource, where it is not just the next one. */
  numbers?: (level: Level, id: PublicId) => number
}): Register {
  const { store, now, log } = options
  const { forget } = createForgetting(store, log, now)

  function record(recorded: Recorded): void {
    const { instance } = recorded
    // When it came, not when it was listed: so that a rebuilt catalogue says the same.
    const at = instance.origin.at || now().toISOString()
    let { number } = store.get<{ number: number }>(tables.fact('counters')) ?? { number: 0 }
    const totals = { ...(store.get<Totals>(tables.fact('totals')) ?? noTotals) }
    const put: [Key, Value][] = []
    const created: { level: Level; id: PublicId }[] = [{ level: 'Instance', id: instance.id }]

    const numberFor = (level: Level, id: PublicId) => options.numbers?.(level, id) ?? ++number
    const lineage = lineageOf(recorded).map(each => {
      const known = loadParent(store, each.level, each.id)
      return {
        ...each,
        isNew: !known,
        ...(known ?? { number: numberFor(each.level, each.id), parent: newParent(each, at) }),
      }
    })
    const [, study, series] = lineage as [Ancestor, Ancestor, Ancestor]
    for (const [depth, here] of lineage.entries()) {
      const above = lineage[depth - 1]
      const parent: StoredParent = {
        ...here.parent,
        ...(above && { parent: above.number }),
        lastUpdate: at,
        stable: false,
        studies: here.parent.studies + (here.level === 'Patient' && study.isNew ? 1 : 0),
        series: here.parent.series + (here.level !== 'Series' && series.isNew ? 1 : 0),
        instances: here.parent.instances + 1,
        bytes: here.parent.bytes + instance.bytes,
      }
      if (here.level === 'Study' && here.isNew) parent.patientTags = recorded.tags.patient
      if (here.level === 'Study' && series.isNew) addModality(parent, here.number, series.tags, put)
      if (here.level === 'Series' && here.isNew && recorded.expectedInstances) {
        parent.expectedInstances = recorded.expectedInstances
      }
      put.push([tables.record(here.number), parent])
      if (here.parent.stable) put.push([tables.unstable(here.number), 0])
      if (!here.isNew) continue
      put.push(...entriesOf(here.level, here.id, here.number, above?.number, searchTags(parent)))
      created.splice(1, 0, { level: here.level, id: here.id })
      totals[totalOf[here.level]]++
    }

    const own = numberFor('Instance', instance.id)
    put.push(...entriesOf('Instance', instance.id, own, series.number, instance.tags))
    put.push([tables.record(own), storedInstance(instance, series.number)])
    put.push([tables.blob(instance.blob), own])
    totals.instances++
    totals.bytes += instance.bytes
    put.push([tables.fact('totals'), totals], [tables.fact('counters'), { number }])
    log.tell(
      created.map(({ level, id }) => ({ kind: `New${level}` as const, level, id })),
      { put },
    )
    tellIfCompleted(series)
  }

  function tellIfCompleted({ number, id }: Ancestor): void {
    const series = store.get<StoredParent>(tables.record(number))
    if (!series?.expectedInstances || series.instances !== series.expectedInstances) return
    if (seriesStatusOf(store, number, series.expectedInstances) !== 'Complete') return
    log.tell([{ kind: 'CompletedSeries', level: 'Series', id }], {})
  }

  function replace({ instance }: Recorded): void {
    const number = store.get<number>(tables.identity('Instance', instance.id))
    const old = number === undefined ? undefined : store.get<StoredInstance>(tables.record(number))
    if (number === undefined || !old) throw new Error('only a listed instance can be replaced')
    const grown = instance.bytes - old.lengths[0]
    const at = now().toISOString()
    const put: [Key, Value][] = []
    for (let above: number | undefined = old.parent; above !== undefined; ) {
      const parent: StoredParent = store.get<StoredParent>(tables.record(above))!
      const bytes = parent.bytes + grown
      put.push([tables.record(above), { ...parent, bytes, lastUpdate: at, stable: false }])
      if (parent.stable) put.push([tables.unstable(above), 0])
      above = parent.parent
    }
    const totals = store.get<Totals>(tables.fact('totals'))!
    put.push([tables.fact('totals'), { ...totals, bytes: totals.bytes + grown }])
    const revision = (old.revision ?? 0) + 1
    put.push([tables.record(number), storedInstance({ ...instance, revision }, old.parent)])
    put.push([tables.blob(instance.blob), number], [tables.tombstone(old.blob), at])
    log.tell([{ kind: 'NewInstance', level: 'Instance', id: instance.id }], {
      put,
      remove: [tables.blob(old.blob), tables.damaged(old.blob)],
    })
  }

  function settle(id: PublicId): boolean {
    for (const level of ['Patient', 'Study', 'Series'] as const) {
      const found = loadParent(store, level, id)
      if (!found) continue
      if (found.parent.stable) return false
      log.tell([{ kind: `Stable${level}`, level, id }], {
        put: [[tables.record(found.number), { ...found.parent, stable: true }]],
        remove: [tables.unstable(found.number)],
      })
      return true
    }
    return false
  }

  return {
    record,
    replace,
    retell: createRetelling(store),
    settle,
    forget,
    tell: fact => log.tell([fact], {}),
    givenUp: () =>
      [...store.range({ under: tables.tombstones })].map(([key]) => key.slice(1) as BlobKey),
    gone(blobs) {
      store.commit({ remove: blobs.map(tables.tombstone) })
    },
    setAside(quarantined) {
      store.commit({ put: [[tables.quarantined(quarantined.instance.blob), quarantined]] })
    },
    *quarantined() {
      for (const [, each] of store.range<Quarantined>({ under: tables.quarantine })) yield each
    },
    quarantinedAt: blob => store.get(tables.quarantined(blob)),
    discard(blob) {
      store.commit({
        put: [[tables.tombstone(blob), now().toISOString()]],
        remove: [tables.quarantined(blob)],
      })
    },
    knows: blob =>
      [tables.blob(blob), tables.quarantined(blob), tables.tombstone(blob)].some(key =>
        isThere(store, key),
      ),
    watermark: () => legible(store, tables.fact('watermark')),
    advance(watermark) {
      store.commit({ put: [[tables.fact('watermark'), watermark]] })
    },
    *unstable() {
      for (const [key] of store.range({ under: tables.unstables })) {
        const parent = store.get<StoredParent>(tables.record(numberOf(key)))
        if (parent) yield { level: parent.level, id: parent.id }
      }
    },
    *listed(after) {
      const range = { under: tables.blobs, ...(after && { from: `${after}\0` }) }
      for (const [key, number] of store.range<number>(range)) {
        const instance = loadInstance(store, number)
        if (instance) yield { blob: key.slice(1) as BlobKey, instance }
      }
    },
    markDamaged(blob, why) {
      store.commit({ put: [[tables.damaged(blob), { why, at: now().toISOString() }]] })
    },
    isDamaged: blob => store.get(tables.damaged(blob)) !== undefined,
    *damaged() {
      const marked = store.range<{ why: string; at: string }>({ under: tables.damages })
      for (const [key, { why, at }] of marked) yield { blob: key.slice(1) as BlobKey, why, at }
    },
    async clear() {
      const kept = new Set<Key>(['ceiling', 'generation', 'schema', 'seq'].map(tables.fact))
      for (;;) {
        const keys = Array.from(store.range({ limit: 10_000 }), ([key]) => key)
        const remove = keys.filter(key => !kept.has(key))
        if (remove.length === 0) return
        log.forget()
        store.commit({ remove })
        await store.flushed()
      }
    },
    fact: name => legible(store, tables.fact(`archive.${name}`)),
    setFact(name, value) {
      store.commit({ put: [[tables.fact(`archive.${name}`), value]] })
    },
    flushed: () => store.flushed(),
    close: () => log.close(),
  }
}

interface Ancestor {
  level: StoredParent['level']
  id: PublicId
  tags: MainTags
  number: number
  parent: StoredParent
  isNew: boolean
}

const totalOf = { Patient: 'patients', Study: 'studies', Series: 'series' } as const

/** From the patient down. */
function lineageOf({ instance, tags }: Recorded) {
  return [
    { level: 'Patient', id: instance.patient, tags: tags.patient },
    { level: 'Study', id: instance.study, tags: tags.study },
    { level: 'Series', id: instance.series, tags: tags.series },
  ] as const
}

function newParent(
  { level, id, tags }: Pick<Ancestor, 'level' | 'id' | 'tags'>,
  at: string,
): StoredParent {
  const sums = { studies: 0, series: 0, instances: 0, bytes: 0 }
  return { level, id, tags, lastUpdate: at, stable: true, ...sums }
}

function addModality(study: StoredParent, number: number, series: MainTags, put: [Key, Value][]) {
  const modality = series.Modality
  if (!modality || study.modalities?.includes(modality)) return
  study.modalities = [...(study.modalities ?? []), modality]
  const index = indexOf('Study', 'ModalitiesInStudy')!
  put.push([tables.indexed(index, indexText(modality), number), 0])
}
