import type { Instance } from '../../holdings/catalog/catalog.ts'
import { json } from './answers.ts'
import { type Desk, expectResource } from './desk.ts'
import type { Routes } from './routes.ts'

type Vector = readonly [number, number, number]

interface Slice {
  instance: Instance
  frames: number
}

/** GET /series/{id}/ordered-slices: the frames of a series in the order in which they are looked at. */
export const sliceRoutes: Routes = (app, desk) => {
  app.get('/series/:id/ordered-slices', c => {
    expectResource(desk, 'Series', c.req.param('id'))
    const slices = slicesOf(desk, c.req.param('id'))
    const volume = alongNormal(slices)
    const ordered = volume ?? byIndex(slices)
    return json({
      Dicom: ordered.map(({ instance }) => `/instances/${instance.id}/file`),
      Slices: ordered.flatMap(({ instance, frames }) =>
        Array.from({ length: frames }, (_, frame) => `/instances/${instance.id}/frames/${frame}`),
      ),
      SlicesShort: ordered.map(({ instance, frames }) => [instance.id, 0, frames]),
      Type: volume ? 'Volume' : 'Sequence',
    })
  })
}

function slicesOf({ archive: { catalog } }: Desk, series: string): Slice[] {
  return Array.from(catalog.instancesOf(series), instance => {
    const frames = Number(instance.tags.NumberOfFrames ?? 1)
    return { instance, frames: Number.isInteger(frames) && frames > 0 ? frames : 1 }
  })
}

/**
 * By their position along the normal of the first slice. Undefined unless they make a volume: more
 * than one, each of one frame, all parallel, no two in the same place.
 */
function alongNormal(slices: readonly Slice[]): Slice[] | undefined {
  if (slices.length < 2) return undefined
  let normal: Vector | undefined
  const placed: { slice: Slice; at: number }[] = []
  for (const slice of slices) {
    const { tags } = slice.instance
    const position = numbersOf(tags.ImagePositionPatient, 3)
    const own = normalOf(numbersOf(tags.ImageOrientationPatient, 6))
    if (slice.frames !== 1 || !position || !own) return undefined
    normal ??= own
    if (!areParallel(normal, own)) return undefined
    placed.push({ slice, at: dot(normal, position as unknown as Vector) })
  }
  placed.sort((a, b) => a.at - b.at)
  const isTight = placed.some(({ at }, i) => i > 0 && at - placed[i - 1]!.at <= closest)
  return isTight ? undefined : placed.map(({ slice }) => slice)
}

/** Millimetres between two slices that are not the same place. */
const closest = 1e-5
/** Cosine of the widest angle at which two slices count as parallel. */
const parallel = 1 - 1e-5

/** By IndexInSeries; what has none comes first, in the order of arrival, as do equal ones. */
function byIndex(slices: readonly Slice[]): Slice[] {
  const indexOf = ({ instance: { tags } }: Slice) =>
    wholeNumber(tags.InstanceNumber ?? tags.ImageIndex) ?? 0
  return [...slices].sort((a, b) => indexOf(a) - indexOf(b))
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\s*[+-]?\d+\s*$/.test(text) ? Number(text) : undefined
}

function numbersOf(text: string | undefined, count: number): number[] | undefined {
  const numbers = text?.split('\\').map(Number)
  return numbers?.length === count && numbers.every(Number.isFinite) ? numbers : undefined
}

/** The cross product of the directions of rows and columns (PS3.3 §C.7.6.2.1.1), of length 1. */
function normalOf(orientation: readonly number[] | undefined): Vector | undefined {
  if (!orientation) return undefined
  const [a, b, c, d, e, f] = orientation as [number, number, number, number, number, number]
  const cross: Vector = [b * f - c * e, c * d - a * f, a * e - b * d]
  const length = Math.hypot(...cross)
  return length < 1e-6 ? undefined : [cross[0] / length, cross[1] / length, cross[2] / length]
}

const dot = (a: Vector, b: Vector): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
const areParallel = (a: Vector, b: Vector): boolean => Math.abs(dot(a, b)) >= parallel
