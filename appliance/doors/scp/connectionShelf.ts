import { type Key, keyOf, type Store, type Value } from '../../holdings/catalog/catalog.ts'
import type { ConnectionRecord } from '../../standard/dimse/dimse.ts'

/** A caller that was turned away, once for each address and pair of AE titles. */
export interface RefusedCaller {
  remoteAddress: string
  callingAeTitle: string
  calledAeTitle: string
  attempts: number
  lastAt: string
  sentence: string
}

/** A record with its place among all that ended here, over all starts. */
export interface Ended {
  number: number
  record: ConnectionRecord
}

/** With the place of its last attempt. */
export type Refusal = RefusedCaller & { number: number }

/** Connection records and refused callers in the store, some time behind those in memory. */
export interface ConnectionShelf {
  /**
   * What is kept, the oldest first, `most` records at most. What cannot be read is left out and
   * removed. `id`: no association of earlier starts had a greater one.
   */
  read(most: number): { ended: Ended[]; refused: Refusal[]; id: number; damaged: number }
  put(ended: Ended): void
  /** It and all older ones go. */
  drop(ended: Ended): void
  putRefused(refusal: Refusal): void
  dropRefused(refusal: Refusal): void
  putId(id: number): void
  /** Gives the store one lot of what was put and dropped; whether there is more. Faults: those of `commit`. */
  write(): boolean
}

const endedKey = keyOf('ended')
const refusedKey = keyOf('refused')
const idKey = keyOf('id')

/** What is written in one go holds the thread for a few milliseconds only. */
const lot = 500
const lotContexts = 5_000

export function createConnectionShelf(store: Store): ConnectionShelf {
  const keyFor = ({ number }: Ended) => keyOf('ended', number)
  const refusedKeyFor = ({ remoteAddress, callingAeTitle, calledAeTitle }: RefusedCaller) =>
    keyOf('refused', remoteAddress, callingAeTitle, calledAeTitle)

  const pending = new Map<Key, Ended | Refusal | number>()
  /** Records with smaller numbers are not kept any more, nor callers with other keys. */
  let oldest = 0
  const refusedNow = new Set<Key>()

  const valuesUnder = (under: Key) =>
    store.range<unknown>({ under, reverse: true, unreadable: 'undefined' })

  /** Found and not remembered: a disk that takes nothing for a week costs no memory. */
  function outlived(): Key[] {
    try {
      const before = { under: endedKey, to: keyOf(oldest), limit: lot }
      const keys = Array.from(store.range({ ...before, unreadable: 'undefined' }), ([key]) => key)
      if (store.count({ under: refusedKey }) <= refusedNow.size) return keys
      const all = Array.from(valuesUnder(refusedKey), ([key]) => key)
      return [...keys, ...all.filter(key => !refusedNow.has(key)).slice(0, lot)]
    } catch {
      // Of the catalogue's own damage others tell; what is new can be kept all the same.
      return []
    }
  }

  return {
    read(most) {
      const ended: Ended[] = []
      const refused: Refusal[] = []
      const garbage: Key[] = []
      for (const [key, value] of valuesUnder(endedKey)) {
        if (ended.length === most) break
        if (isEnded(value) && keyFor(value) === key) ended.push(value)
        else garbage.push(key)
      }
      for (const [key, value] of valuesUnder(refusedKey)) {
        if (isRefusal(value) && refusedKeyFor(value) === key) refused.push(value)
        else garbage.push(key)
      }
      const [[, told] = []] = valuesUnder(idKey)
      if (garbage.length > 0) store.commit({ remove: garbage })
      for (const each of refused) refusedNow.add(refusedKeyFor(each))
      oldest = ended.at(-1)?.number ?? 0
      const ids = ended.map(({ record }) => record.id)
      return {
        ended: ended.reverse(),
        refused: refused.sort((a, b) => a.number - b.number),
        id: ids.reduce((most, id) => Math.max(most, id), isCount(told) ? told : 0),
        damaged: garbage.length,
      }
    },
    put: ended => void pending.set(keyFor(ended), ended),
    drop(ended) {
      pending.delete(keyFor(ended))
      oldest = ended.number + 1
    },
    putRefused(refusal) {
      const key = refusedKeyFor(refusal)
      refusedNow.add(key)
      pending.set(key, refusal)
    },
    dropRefused(refusal) {
      const key = refusedKeyFor(refusal)
      refusedNow.delete(key)
      pending.delete(key)
    },
    putId: id => void pending.set(idKey, id),
    write() {
      if (pending.size === 0) return false
      const put: [Key, Value][] = []
      let contexts = 0
      for (const [key, value] of pending) {
        put.push([key, value])
        contexts +=
          typeof value === 'object' && 'record' in value ? value.record.contexts.length : 0
        if (put.length === lot || contexts > lotContexts) break
      }
      store.commit({ put, remove: outlived() })
      for (const [key] of put) pending.delete(key)
      return pending.size > 0
    },
  }
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value)
const isText = (value: unknown): value is string => typeof value === 'string'
const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

/** What still is JSON may be of another version of this program: the shape is what the pages need. */
function isEnded(value: unknown): value is Ended {
  const { number, record } = (isObject(value) ? value : {}) as Partial<Ended>
  if (!isCount(number) || !isObject(record)) return false
  const { id, remoteAddress, startedAt, outcome, sentence, contexts, requests } = record
  return (
    isCount(id) &&
    [remoteAddress, startedAt, outcome, sentence].every(isText) &&
    Array.isArray(contexts) &&
    contexts.every(each => isObject(each) && Array.isArray(each.transferSyntaxes)) &&
    isObject(requests) &&
    Object.values(requests).every(isObject)
  )
}

function isRefusal(value: unknown): value is Refusal {
  const { number, attempts, ...texts } = (isObject(value) ? value : {}) as Partial<Refusal>
  const { remoteAddress, callingAeTitle, calledAeTitle, lastAt, sentence } = texts
  return (
    isCount(number) &&
    isCount(attempts) &&
    [remoteAddress, callingAeTitle, calledAeTitle, lastAt, sentence].every(isText)
  )
}
