import type { Level, PublicId, Search } from '../../holdings/catalog/catalog.ts'
import { keywordOf } from '../../standard/dicom/dicom.ts'
import type { Desk } from './desk.ts'
import { Refusal } from './errors.ts'
import type { Json, JsonObject } from './json.ts'
import { metadataOf } from './metadata.ts'
import { metadataRegistry } from './registry.ts'
import { indexedTag } from './requestedTags.ts'

/** One of the things by which what was found is ordered. */
export type Order = {
  as: 'text' | 'integer' | 'decimal'
  descending: boolean
} & ({ by: 'tag'; keyword: string } | { by: 'metadata'; number: number })

const types: Record<string, { by: Order['by']; as: Order['as'] }> = {
  dicomtag: { by: 'tag', as: 'text' },
  dicomtagasint: { by: 'tag', as: 'integer' },
  dicomtagasfloat: { by: 'tag', as: 'decimal' },
  metadata: { by: 'metadata', as: 'text' },
  metadataasint: { by: 'metadata', as: 'integer' },
  metadataasfloat: { by: 'metadata', as: 'decimal' },
}

/** `OrderBy` of a body. */
export function ordersOf(desk: Desk, given: Json): Order[] {
  if (given === undefined) return []
  if (!Array.isArray(given)) {
    throw new Refusal('BadRequest', 'Field "OrderBy" should be an array')
  }
  return (given as readonly Json[]).map(each => {
    if (typeof each !== 'object' || each === null || Array.isArray(each)) {
      throw new Refusal('BadRequest', 'Field "OrderBy" should hold JSON objects')
    }
    return orderOf(desk, each as JsonObject)
  })
}

function orderOf(desk: Desk, { Type, Key, Direction }: JsonObject): Order {
  const type = typeof Type === 'string' ? types[Type.toLowerCase()] : undefined
  const direction = typeof Direction === 'string' ? Direction.toUpperCase() : undefined
  if (!type || typeof Key !== 'string' || (direction !== 'ASC' && direction !== 'DESC')) {
    throw new Refusal('BadRequest', 'Field "OrderBy" wants Type, Key and Direction of each')
  }
  const how = { as: type.as, descending: direction === 'DESC' }
  if (type.by === 'metadata') {
    return { by: 'metadata', number: metadataRegistry(desk.settings).numberOf(Key), ...how }
  }
  return { by: 'tag', keyword: keywordOf(desk.dictionary.asked(Key).tag) ?? Key, ...how }
}

/** The order as the catalogue's search takes it, or undefined when it knows not all of it. */
export function searchOrder(orders: readonly Order[]): Search['orderBy'] | undefined {
  const known = orders.flatMap(order =>
    order.by === 'tag'
      ? [{ keyword: order.keyword, as: order.as, descending: order.descending }]
      : [],
  )
  return known.length === orders.length ? known : undefined
}

/** In order; what lacks a value comes last, and what is equal stays as it was. */
export function ordered(
  desk: Desk,
  level: Level,
  ids: readonly PublicId[],
  orders: readonly Order[],
): PublicId[] {
  const rows = ids.map(id => ({ id, values: orders.map(order => keyedBy(desk, level, id, order)) }))
  rows.sort((a, b) => {
    for (let i = 0; i < orders.length; i++) {
      const difference = compare(a.values[i], b.values[i], orders[i]!.descending)
      if (difference !== 0) return difference
    }
    return 0
  })
  return rows.map(({ id }) => id)
}

function keyedBy(
  desk: Desk,
  level: Level,
  id: PublicId,
  order: Order,
): string | number | undefined {
  const text =
    order.by === 'tag'
      ? indexedTag(desk, level, id, order.keyword)
      : metadataValue(desk, level, id, order.number)
  if (text === undefined || order.as === 'text') return text
  const number = order.as === 'integer' ? Number.parseInt(text, 10) : Number.parseFloat(text)
  return Number.isNaN(number) ? undefined : number
}

const lastUpdate = 7

function metadataValue(desk: Desk, level: Level, id: PublicId, number: number): string | undefined {
  // What lists are mostly ordered by is not worth gathering all the others.
  if (number === lastUpdate && level !== 'Instance') {
    return desk.archive.catalog.parent(id)?.lastUpdate
  }
  return metadataOf(desk, level, id).get(number)?.value
}

function compare(
  a: string | number | undefined,
  b: string | number | undefined,
  descending: boolean,
): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? 1 : -1
  if (a === b) return 0
  return a < b === descending ? 1 : -1
}
