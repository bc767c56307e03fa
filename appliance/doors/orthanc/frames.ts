import { Readable } from 'node:stream'
import { createGzip } from 'node:zlib'
import type { Instance } from '../../holdings/catalog/catalog.ts'
import { streamed } from '../../host/http/http.ts'
import { type Dataset, encodingOf, transferSyntaxes } from '../../standard/dicom/dicom.ts'
import { json, missing } from './answers.ts'
import type { Call } from './arguments.ts'
import { type Desk, instanceOf } from './desk.ts'
import { Refusal } from './errors.ts'
import { failed } from './failures.ts'
import type { Routes } from './routes.ts'

/** Frames as they are stored, and documents in DICOM; nothing here decodes pixels. */
export const frameRoutes: Routes = (app, desk) => {
  app.get('/instances/:id/frames', async c => {
    const instance = instanceOf(desk, c.req.param('id'))
    const count = framesOf((await desk.headers.read(instance)).dataset)
    return json(Array.from({ length: count }, (_, index) => index))
  })

  app.get('/instances/:id/frames/:frame/raw', async c => {
    const frame = await frameAsked(desk, c)
    if (!frame) return missing()
    const headers = { ...typed(frame.type), 'Content-Length': String(frame.bytes) }
    const on = { outgoing: c.env?.outgoing, failed: failed(desk) }
    return streamed(frame.open(), { headers }, on)
  })

  app.get('/instances/:id/frames/:frame/raw.gz', async c => {
    const frame = await frameAsked(desk, c)
    if (!frame) return missing()
    const packed = Readable.from(frame.open()).compose(createGzip())
    const on = { outgoing: c.env?.outgoing, failed: failed(desk) }
    return streamed(packed, { headers: typed('application/gzip') }, on)
  })

  app.get('/instances/:id/pdf', async c => {
    const instance = instanceOf(desk, c.req.param('id'))
    if (instance.sopClassUid !== encapsulatedPdf) return missing()
    const dataset = await desk.headers.readWhole(instance)
    const document = dataset.get('EncapsulatedDocument')?.value
    if (!document) return missing()
    // The element is padded to an even length; another tells the document's own (PS3.3 §C.24.2).
    const [length = document.length] = dataset.numbers('EncapsulatedDocumentLength')
    const headers = typed('application/pdf')
    return new Response(Uint8Array.from(document.subarray(0, length)), { headers })
  })
}

const encapsulatedPdf = '1.2.840.10008.5.1.4.1.1.104.1'

const typed = (type: string) => ({ 'Content-Type': type, 'X-Content-Type-Options': 'nosniff' })

function framesOf(dataset: Dataset): number {
  const [frames = 1] = dataset.numbers('NumberOfFrames')
  return Math.min(Math.max(Math.trunc(frames), 1), 1_000_000)
}

interface Frame {
  type: string
  bytes: number
  open(): AsyncIterable<Uint8Array>
}

/** The frame that the path names, or undefined when it names no number. */
async function frameAsked(desk: Desk, c: Call): Promise<Frame | undefined> {
  const instance = instanceOf(desk, c.req.param('id')!)
  const asked = c.req.param('frame')!
  if (!/^-?\d{1,9}$/.test(asked)) return undefined
  const { dataset, pixelData } = await desk.headers.read(instance)
  const hasPixels = pixelData !== undefined || dataset.get('PixelData') !== undefined
  const count = framesOf(dataset)
  const index = Number(asked)
  if (!hasPixels || index < 0 || index >= count) throw new Refusal('ParameterOutOfRange')
  const encoding = encodingOf(instance.transferSyntaxUid)
  if (transferSyntaxes.get(instance.transferSyntaxUid)?.encapsulated)
    return encapsulated(desk, instance, index, count)
  const bytes = frameBytes(dataset)
  if (encoding.deflated) {
    const pixels = (await desk.headers.readWhole(instance)).get('PixelData')!.value
    return plain(bytes, () => once(pixels.subarray(index * bytes, (index + 1) * bytes)))
  }
  const head = encoding.explicit ? 12 : 8
  const from = instance.pixelDataOffset! + head + index * bytes
  const open = () => desk.archive.open(instance.id, { from, to: from + bytes })
  // Pixels of more than a byte are words, OW, whatever their width: PS3.5 §8.2.
  const words = (dataset.numbers('BitsAllocated')[0] ?? 8) > 8
  return plain(bytes, encoding.bigEndian && words ? () => swapped(open()) : open)
}

const plain = (bytes: number, open: Frame['open']): Frame => ({
  type: 'application/octet-stream',
  bytes,
  open,
})

/** PS3.3 §C.7.6.3: what one frame takes, in whole bytes. */
function frameBytes(dataset: Dataset): number {
  const number = (keyword: string) => dataset.numbers(keyword)[0] ?? 0
  const samples = dataset.numbers('SamplesPerPixel')[0] ?? 1
  const bits = number('Rows') * number('Columns') * samples * number('BitsAllocated')
  // Of each two colour values of YBR 4:2:2 only one is there.
  const halved = dataset.text('PhotometricInterpretation') === 'YBR_FULL_422' ? 2 / 3 : 1
  return Math.ceil((bits / 8) * halved)
}

const types: Record<string, string> = {
  '1.2.840.10008.1.2.4.50': 'image/jpeg',
  '1.2.840.10008.1.2.4.90': 'image/jp2',
  '1.2.840.10008.1.2.4.91': 'image/jp2',
}

/** PS3.5 §A.4: one fragment for each frame, or as many as the offset table says, or all for one. */
async function encapsulated(
  desk: Desk,
  instance: Instance,
  index: number,
  count: number,
): Promise<Frame> {
  const pixels = (await desk.headers.readWhole(instance)).get('PixelData')
  const [table = new Uint8Array(), ...fragments] = pixels?.fragments ?? []
  const parts = fragmentsOf(table, fragments, index, count)
  if (!parts) throw new Refusal('CorruptedFile', 'The frame is not found among the fragments')
  return {
    type: types[instance.transferSyntaxUid] ?? 'application/octet-stream',
    bytes: parts.reduce((sum, part) => sum + part.length, 0),
    async *open() {
      yield* parts
    },
  }
}

/** Which fragments make up a frame; undefined when that cannot be told. */
export function fragmentsOf(
  table: Uint8Array,
  fragments: readonly Uint8Array[],
  index: number,
  count: number,
): readonly Uint8Array[] | undefined {
  if (count === 1) return fragments
  if (fragments.length === count) return fragments.slice(index, index + 1)
  const offsets = new DataView(table.buffer, table.byteOffset, table.byteLength)
  if (table.byteLength < 4 * count) return undefined
  const from = offsets.getUint32(4 * index, true)
  const to = index + 1 < count ? offsets.getUint32(4 * (index + 1), true) : Number.POSITIVE_INFINITY
  let at = 0
  const found = fragments.filter(fragment => {
    const here = at
    at += 8 + fragment.length
    return here >= from && here < to
  })
  return found.length > 0 ? found : undefined
}

async function* once(bytes: Uint8Array) {
  yield bytes
}

/** Words of two bytes turned round, wherever chunks end. */
async function* swapped(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of bytes) {
    const all = Buffer.concat([rest, chunk])
    const even = all.length & ~1
    rest = all.subarray(even)
    yield Buffer.from(all.subarray(0, even)).swap16()
  }
  yield rest
}
