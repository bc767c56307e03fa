import { z } from 'zod'
import { Fault, faultOf } from '../../../faults.ts'
import type { Instance } from '../../../holdings/catalog/catalog.ts'
import { type Reading, readAhead } from '../../nodes/nodes.ts'
import { type Destination, type Receipt, whyOf } from './destination.ts'
import type { Answer } from './exchange.ts'
import { destinationFault } from './httpFaults.ts'
import { lost } from './lost.ts'
import { destinationName, parallel, type Surroundings, verifyAfter } from './surroundings.ts'
import { askFor, openWeb, type Web, webSettings } from './web.ts'

/** Another Orthanc, or another box like this one, by its REST API. */
export const orthancPeerSettings = z.strictObject({
  name: destinationName,
  kind: z.literal('orthanc'),
  ...webSettings,
  parallel,
  verify: z
    .enum(['none', 'list'])
    .default('none')
    .describe(
      'What makes a delivery good: none, the answer to the upload; list, that the image is listed there afterwards. What is missing is sent again, and until then nothing is evicted.',
    ),
  verifyAfter,
})

export type OrthancPeerSettings = z.output<typeof orthancPeerSettings>

/** `POST /instances`, one file a request, over a connection that stays open. */
export function openOrthancPeer(settings: OrthancPeerSettings, around: Surroundings): Destination {
  const web = openWeb(settings, around)

  function post(open: () => Promise<Reading>, { bytes }: Instance, stop: AbortSignal) {
    const body = async function* () {
      const file = await open()
      try {
        yield* file.bytes
      } finally {
        await file.close()
      }
    }
    const headers = {
      'Content-Type': 'application/dicom',
      'Content-Length': String(bytes),
      Accept: 'application/json',
    }
    return web.ask({ method: 'POST', path: '/instances', headers, body }, stop)
  }

  return {
    name: settings.name,
    // As for DICOMweb: an address proves nothing, and a repeat makes no change.
    isSource: () => false,

    async *deliver(parcels, stop) {
      for (const parcel of parcels) {
        if (stop.aborted) return
        const { id } = parcel.instance
        const off = parcel.calledOff?.()
        if (off) {
          yield lost(id, off)
          continue
        }
        let file: Reading | undefined
        const open = async () => {
          file = await readAhead(parcel.file)
          const early = file.fault()
          if (early) throw early
          return file
        }
        try {
          const answer = await post(open, parcel.instance, stop)
          if (answer) yield receiptFor(parcel.instance, answer, web)
        } catch (error) {
          const local = file?.fault()
          if (local) {
            yield lost(id, local)
            continue
          }
          const fault = faultOf(error)
          // A connection that never stood says nothing of the image.
          if (fault.code === 'peer-aborted' || fault.code === 'peer-timeout')
            yield { instance: id, outcome: 'again', why: whyOf(fault) }
          throw fault
        }
      }
    },

    async probe(stop) {
      const answer = await askFor(web, { method: 'GET', path: '/system' }, stop)
      if (answer.status === 200) return
      throw destinationFault(answer, web.url) ?? failed(answer, web)
    },

    held: (instances, stop) => listByRest(web, instances, stop),
  }
}

const failed = (answer: Answer, web: Web) =>
  new Fault('peer-failed', `${web.url.host} answered ${answer.status}`, answer)

/** What an upload's answer means: by its status, then by Orthanc's own word of what it did. */
function receiptFor(instance: Instance, answer: Answer, web: Web): Receipt {
  const { status } = answer
  const { id } = instance
  const declined = (detail: string, advice: string): Receipt => ({
    ...{ instance: id, outcome: 'declined', status },
    why: { code: 'peer-declined', detail, advice },
  })
  const again = (fault: Fault): Receipt => ({
    ...{ instance: id, outcome: 'again', status },
    why: whyOf(fault),
  })
  if (status === 200) {
    switch (wordOf(answer.text)) {
      case 'Success':
        return { instance: id, outcome: 'accepted', status }
      case 'AlreadyStored':
        if (instance.revision)
          return declined(
            'it has an image under this UID, and here its bytes were replaced since',
            'Remove the older one there, or let it overwrite instances; then "retry".',
          )
        return {
          ...{ instance: id, outcome: 'accepted', status },
          why: {
            code: 'peer-remarked',
            detail: 'AlreadyStored',
            advice: 'Nothing to do: the destination has it.',
          },
        }
      case 'FilteredOut':
        return declined(
          'FilteredOut',
          'A filter of the destination turned it away; change it there, then "retry".',
        )
      case 'StorageFull': {
        const fault = new Fault('peer-failed', 'StorageFull')
        return { ...again(fault), outcome: 'again', why: whyOf(fault), unwell: true }
      }
    }
    return again(new Fault('peer-failed', 'did not say that it stored it'))
  }
  const fault = destinationFault(answer, web.url)
  if (fault) throw fault
  if ([400, 409, 413, 415, 422].includes(status))
    return declined(
      `answered ${status}`,
      'The destination cannot take the image as it is; its log says why. Mend it there, or withdraw it; then "retry".',
    )
  return again(failed(answer, web))
}

function wordOf(text: string): unknown {
  try {
    return (JSON.parse(text) as { Status?: unknown }).Status
  } catch {
    return undefined
  }
}

/** What it lists for the series of these instances. Faults: `peer-failed`, those of the wire. */
async function listByRest(
  web: Web,
  instances: readonly Instance[],
  stop: AbortSignal,
): Promise<Set<string>> {
  const held = new Set<string>()
  const series = new Map(instances.map(each => [each.seriesInstanceUid, each.studyInstanceUid]))
  for (const [SeriesInstanceUID, StudyInstanceUID] of series) {
    const query = {
      ...{ Level: 'Instance', Expand: true, CaseSensitive: true },
      Query: { StudyInstanceUID, SeriesInstanceUID },
    }
    const bytes = Buffer.from(JSON.stringify(query))
    const answer = await askFor(
      web,
      {
        ...{ method: 'POST', path: '/tools/find' },
        headers: { 'Content-Type': 'application/json', 'Content-Length': String(bytes.length) },
        body: async function* () {
          yield bytes
        },
      },
      stop,
    )
    if (answer.status !== 200) throw destinationFault(answer, web.url) ?? failed(answer, web)
    for (const uid of sopInstanceUidsIn(answer.text)) held.add(uid)
  }
  return held
}

function sopInstanceUidsIn(text: string): string[] {
  try {
    const found = JSON.parse(text) as { MainDicomTags?: { SOPInstanceUID?: string } }[]
    return found.flatMap(each => each.MainDicomTags?.SOPInstanceUID ?? [])
  } catch (cause) {
    throw new Fault('peer-failed', '/tools/find answered no JSON', { cause })
  }
}
