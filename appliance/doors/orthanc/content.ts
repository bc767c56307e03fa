import { Dataset, type Element, elementOf, formatTag } from '../../standard/dicom/dicom.ts'
import { json, missing } from './answers.ts'
import { type Desk, instanceOf } from './desk.ts'
import type { Routes } from './routes.ts'

/** Browsing a dataset: its tags, the items of its sequences, the raw bytes of its values. */
export const contentRoutes: Routes = (app, desk) => {
  app.get('/instances/:id/content', c => browse(desk, c.req.param('id'), []))
  app.get('/instances/:id/content/:path{.+}', c =>
    browse(desk, c.req.param('id'), c.req.param('path').split('/')),
  )
}

type Place = Dataset | Element | Uint8Array

async function browse(desk: Desk, id: string, path: string[]): Promise<Response> {
  const instance = instanceOf(desk, id)
  const pixels = path[0] !== undefined && desk.dictionary.asked(path[0]).tag >= 0x7fe00000
  const whole = pixels || instance.pixelDataOffset === undefined
  const dataset = whole
    ? await desk.headers.readWhole(instance)
    : (await desk.headers.read(instance)).dataset
  let place: Place | undefined = dataset
  for (const step of path) place = place && below(desk, place, step)
  if (place === undefined) return missing()
  if (place instanceof Dataset) {
    const tags = [...place.elements()].map(({ tag }) => tag)
    // The pixel data are there, though the header does not reach to them.
    const { pixelData } = path.length > 0 || whole ? {} : await desk.headers.read(instance)
    return json([...tags, ...(pixelData === undefined ? [] : [pixelData])].map(dashed))
  }
  if (place instanceof Uint8Array) return raw(place)
  const parts = place.items ?? place.fragments ?? (isPixels(place) ? [place.value] : undefined)
  return parts ? json(parts.map((_, index) => String(index))) : raw(place.value)
}

const dashed = (tag: number) => formatTag(tag).replace(',', '-')
const isPixels = ({ tag }: Element) => tag === 0x7fe00010

/** One step further down, or undefined when there is nothing. */
function below(desk: Desk, place: Place, step: string): Place | undefined {
  if (place instanceof Uint8Array) return undefined
  if (place instanceof Dataset) return elementOf(place, desk.dictionary.asked(step))
  if (!/^\d{1,9}$/.test(step)) return undefined
  if (isPixels(place) && !place.fragments) return step === '0' ? place.value : undefined
  return place.items?.[Number(step)] ?? place.fragments?.[Number(step)]
}

function raw(bytes: Uint8Array): Response {
  return new Response(Uint8Array.from(bytes), {
    headers: { 'Content-Type': 'application/octet-stream', 'X-Content-Type-Options': 'nosniff' },
  })
}
