import { Fault, faultOf } from '../../faults.ts'
import type { Received } from '../../holdings/archive/archive.ts'
import type { Origin } from '../../holdings/catalog/catalog.ts'
import { bodyOf } from '../../host/http/http.ts'
import { takeInflater } from '../../standard/dicom/dicom.ts'
import { done, json } from './answers.ts'
import type { Call } from './arguments.ts'
import type { Desk } from './desk.ts'
import { Refusal } from './errors.ts'
import type { JsonObject } from './json.ts'
import { boundaryOf, partsOf } from './multipart.ts'
import type { Routes } from './routes.ts'
import { isZip, membersOf } from './unzip.ts'

/**
 * POST /instances: one DICOM file, or a ZIP of them, or a browser's form with several of either;
 * plain or with `Content-Encoding: gzip`.
 */
export const uploadRoutes: Routes = (app, desk) => {
  app.post('/instances', async c => {
    const origin = originOf(c, desk)
    const bytes = decoded(c, desk.limits.bodyBytes)
    const boundary = boundaryOf(c.req.header('content-type'))
    try {
      if (boundary === undefined) return json(await receiveBody(desk, bytes, origin))
      // A form is answered without words, as Orthanc does.
      for await (const part of partsOf(bytes, boundary)) await receiveBody(desk, part, origin)
      return done()
    } catch (error) {
      const fault = error instanceof Refusal ? undefined : faultOf(error)
      tell(desk, origin, fault ?? new Fault('not-dicom', (error as Refusal).details))
      // Of what wraps the files, too, Orthanc says that its format is bad.
      if (fault?.code === 'request-malformed') throw new Refusal('BadFileFormat', fault.detail)
      throw error
    }
  })
}

/** One file, or a ZIP of them, told by its first bytes. */
async function receiveBody(
  desk: Desk,
  bytes: AsyncIterable<Uint8Array>,
  origin: Origin,
): Promise<JsonObject | JsonObject[]> {
  const body = await peek(bytes)
  if (!body) throw new Refusal('BadFileFormat', 'Received an empty DICOM file')
  if (!isZip(body.start)) return receive(desk, body.bytes, origin)
  const limits = {
    allBytes: desk.limits.bodyBytes,
    memberBytes: desk.settings.archivedFileBytes || Number.POSITIVE_INFINITY,
  }
  const answers: JsonObject[] = []
  for await (const member of membersOf(body.bytes, limits)) {
    const answer = await receiveMember(desk, member, origin)
    if (answer) answers.push(answer)
  }
  return answers
}

/** What was refused, and what to do, for whoever reads the log: the caller may be a script. */
function tell(desk: Desk, { address, httpUser }: Origin, fault: Fault): void {
  const { code, detail, advice } = fault
  desk.log.warn('upload-refused', { code, detail, from: address, httpUser, advice })
}

/** As Orthanc does, members that are not DICOM are passed over; a full disk is not. */
async function receiveMember(
  desk: Desk,
  member: AsyncIterable<Uint8Array>,
  origin: Origin,
): Promise<JsonObject | undefined> {
  try {
    return await receive(desk, member, origin)
  } catch (error) {
    if (error instanceof Fault && unreadable.has(error.code)) return undefined
    throw error
  }
}

const unreadable: ReadonlySet<string> = new Set([
  'not-dicom',
  'dataset-truncated',
  'dataset-malformed',
  'identifiers-missing',
])

async function receive(
  desk: Desk,
  bytes: AsyncIterable<Uint8Array>,
  origin: Origin,
): Promise<JsonObject> {
  const received = await desk.archive.receiveFile(bytes, origin)
  const { id, patient, study, series } = received.instance
  return {
    ID: id,
    ParentPatient: patient,
    ParentSeries: series,
    ParentStudy: study,
    Path: `/instances/${id}`,
    Status: statuses[received.outcome],
  }
}

const statuses: Record<Received['outcome'], string> = {
  kept: 'Success',
  repeated: 'AlreadyStored',
  // What was there before is what is served; the newcomer waits for a person's decision.
  quarantined: 'AlreadyStored',
}

function originOf(c: Call, desk: Desk): Origin {
  const address = c.env?.incoming?.socket.remoteAddress?.replace(/^::ffff:/, '')
  const user = c.env?.caller?.user
  return {
    door: 'RestApi',
    at: desk.now().toISOString(),
    ...(address !== undefined && { address }),
    ...(user !== undefined && { httpUser: user }),
  }
}

/** The body, unpacked; the limit holds for what comes and for what becomes of it. */
function decoded(c: Call, limit: number): AsyncIterable<Uint8Array> {
  const body = bodyOf(c.req.raw, c.env?.incoming, limit)
  const encoding = c.req.header('content-encoding')?.trim().toLowerCase() ?? ''
  if (encoding === '' || encoding === 'identity') return body
  if (encoding === 'gzip' || encoding === 'x-gzip') return gunzipped(body, limit)
  throw new Refusal('UnsupportedMediaType', 'Of content encodings only gzip is understood')
}

async function* gunzipped(body: AsyncIterable<Uint8Array>, limit: number) {
  const inflater = takeInflater('gzip')
  let length = 0
  try {
    for await (const packed of body) {
      for await (const chunk of inflater.inflated(packed)) {
        length += chunk.length
        if (length > limit) throw new Fault('too-large', `at most ${limit} bytes are taken`)
        yield chunk
      }
    }
    await inflater.finish()
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || !String(error.code).startsWith('Z_')) {
      throw error
    }
    throw new Fault('not-dicom', 'the body is not gzip, or ends too early', { cause: error })
  } finally {
    inflater.giveBack()
  }
}

/** The first bytes of a stream, and the stream with them still in it; undefined when it is empty. */
async function peek(
  bytes: AsyncIterable<Uint8Array>,
): Promise<{ start: Uint8Array; bytes: AsyncIterable<Uint8Array> } | undefined> {
  const chunks = bytes[Symbol.asyncIterator]()
  let start: Uint8Array = new Uint8Array()
  while (start.length < 4) {
    const next = await chunks.next()
    if (next.done) break
    start = start.length === 0 ? next.value : Buffer.concat([start, next.value])
  }
  if (start.length === 0) return undefined
  async function* all() {
    try {
      yield start
      for (;;) {
        const next = await chunks.next()
        if (next.done) return
        yield next.value
      }
    } finally {
      await chunks.return?.()
    }
  }
  return { start, bytes: all() }
}
