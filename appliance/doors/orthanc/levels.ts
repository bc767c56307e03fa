import { type Level, levels } from '../../holdings/catalog/catalog.ts'
import { Refusal } from './errors.ts'

/** How each level is called in paths. */
export const pathOf: Record<Level, string> = {
  Patient: 'patients',
  Study: 'studies',
  Series: 'series',
  Instance: 'instances',
}

/** The key under which a resource lists its children, and the one that names its parent. */
export const childrenKey = { Patient: 'Studies', Study: 'Series', Series: 'Instances' } as const
export const parentKey = {
  Study: 'ParentPatient',
  Series: 'ParentStudy',
  Instance: 'ParentSeries',
} as const

export const rankOf = (level: Level): number => levels.indexOf(level)

/** A level as bodies and arguments spell it: in any case, singular or plural. */
export function levelNamed(name: string): Level {
  const wanted = name.toLowerCase()
  const found = levels.find(
    level => level.toLowerCase() === wanted || pathOf[level].toLowerCase() === wanted,
  )
  if (!found) throw new Refusal('ParameterOutOfRange')
  return found
}

/** The level whose path word begins a route, such as `studies`. */
export function levelAt(path: string): Level {
  return levels.find(level => pathOf[level] === path)!
}

/** `YYYYMMDDTHHMMSS` of an ISO 8601 time in UTC. */
export function compactTime(iso: string): string {
  return iso.slice(0, 19).replace(/[-:]/g, '')
}
