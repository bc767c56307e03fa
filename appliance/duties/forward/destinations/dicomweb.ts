import { z } from 'zod'
import { Fault, faultOf } from '../../../faults.ts'
import { atRevision } from './answers.ts'
import { type Destination, type Parcel, type Receipt, whyOf } from './destination.ts'
import type { Answer } from './exchange.ts'
import { type Batch, createBatch } from './multipart.ts'
import { countByQido, listByQido, probeDicomWeb } from './qido.ts'
import { destinationName, parallel, type Surroundings, verifyAfter } from './surroundings.ts'
import { foundThere, judge, type Verdict } from './verdicts.ts'
import { openWeb, webSettings } from './web.ts'

/** A server that takes STOW-RS. */
export const dicomwebSettings = z.strictObject({
  name: destinationName,
  kind: z.literal('dicomweb'),
  ...webSettings,
  parallel,
  batch: z
    .strictObject({
      instances: z.number().int().min(1).max(10_000).default(100).describe('Images at most.'),
      megabytes: z.number().positive().max(100_000).default(64).describe('MB after which it ends.'),
      seconds: z
        .number()
        .positive()
        .max(3600)
        .default(15)
        .describe('Seconds after which it ends with the image that is under way.'),
    })
    .prefault({})
    .describe('How much goes into one request. A broken request costs all of it again.'),
  verify: z
    .enum(['none', 'qido', 'count'])
    .default('none')
    .describe(
      'What makes a delivery good: none, the answer to STOW-RS; qido, that the image is listed there by QIDO-RS; count, that by QIDO-RS its series has as many images there as went there, and where it has not, that it is listed. What is missing is sent again, and until then nothing is evicted.',
    ),
  verifyAfter,
})

export type DicomwebSettings = z.output<typeof dicomwebSettings>

const accepts = 'application/dicom+json, application/dicom+xml;q=0.5, application/json;q=0.5'

/** What experience with the server has taught; forgotten at a restart, and learnt again. */
interface Lessons {
  /** Instances in a request: fewer after a failure, more again after each success. */
  instances: number
  /** It wants Content-Length, which is known of one instance only. */
  length: boolean
  /** It broke a request off while it was being sent: perhaps it had something to say. */
  cautious: boolean
}

/** STOW-RS (PS3.18 §10.5), many instances a request, each with the outcome that was told of it. */
export function openDicomweb(settings: DicomwebSettings, around: Surroundings): Destination {
  const web = openWeb(settings, around)
  const most = settings.batch.instances
  const lessons: Lessons = { instances: most, length: false, cautious: false }

  function nextBatch(waiting: readonly Parcel[], stop: AbortSignal, enough: () => boolean): Batch {
    const { megabytes, seconds } = settings.batch
    const instances = lessons.length ? 1 : Math.min(lessons.instances, waiting.length)
    return createBatch(
      instances === 1 ? waiting.slice(0, 1) : waiting,
      { instances, seconds, bytes: megabytes * 1e6 },
      { stop, enough, elapsed: () => performance.now() },
    )
  }

  async function post(batch: Batch, stop: AbortSignal): Promise<Answer | undefined> {
    const answer = await web.ask(
      {
        ...{ method: 'POST', path: '/studies', body: batch.body, cautious: lessons.cautious },
        headers: {
          ...{ Accept: accepts, 'Content-Type': batch.contentType },
          ...(lessons.length ? { 'Content-Length': String(batch.contentLength) } : {}),
        },
      },
      stop,
    )
    // RFC 9110 §15.5.18: it does not know what it was asked for.
    lessons.cautious = answer?.status === 417
    if (!lessons.cautious || !answer) return answer
    lessons.cautious = false
    return post(batch, stop)
  }

  /** Whose fate the answer left open is looked up; a server that cannot be asked leaves it so. */
  async function settle(
    verdicts: ReadonlyMap<string, Verdict>,
    sent: readonly Parcel[],
    stop: AbortSignal,
  ): Promise<Receipt[]> {
    const doubtful = sent.map(each => each.instance).filter(each => isDoubt(verdicts.get(each.id)))
    // One whose bytes were replaced here is not there because an older one is.
    const askable = doubtful.filter(each => !each.revision)
    const held =
      askable.length > 0
        ? await listByQido(web, askable, stop).catch(() => new Set<string>())
        : new Set<string>()
    return sent.flatMap(({ instance }) => {
      const verdict = verdicts.get(instance.id)
      if (!verdict) return []
      if ('receipt' in verdict) return [atRevision(verdict.receipt, instance)]
      const found = !instance.revision && held.has(instance.sopInstanceUid)
      return [found ? foundThere(verdict.doubt) : verdict.doubt]
    })
  }

  return {
    name: settings.name,

    // An address proves nothing: uploads come through gateways. A loop of boxes ends by itself,
    // because a repeat makes no change.
    isSource: () => false,

    async *deliver(parcels, stop, enough = () => false) {
      let waiting = [...parcels]
      while (waiting.length > 0 && !stop.aborted) {
        const batch = nextBatch(waiting, stop, enough)
        let answer: Answer | undefined
        let fault: Fault | undefined
        try {
          answer = await post(batch, stop)
        } catch (error) {
          fault = faultOf(error)
        }
        const settled = new Set<string>()
        for (const receipt of batch.lost()) {
          settled.add(receipt.instance)
          yield receipt
        }
        const sent = batch.sent()
        // Broken off by a file of ours: what else was in it goes again, without it.
        const brokenByUs = settled.has(batch.underWay()?.instance.id ?? '')
        if (fault && !brokenByUs) {
          yield* blame(batch, fault, lessons)
          throw fault
        }
        if (answer) {
          const asked = answer.whole ? sent : [...sent, ...underWay(batch)]
          const verdicts = judge(
            answer,
            web.url,
            asked.map(each => each.instance),
          )
          if (verdicts === 'length wanted') {
            if (lessons.length)
              throw new Fault('peer-failed', `${web.url.host} answered 411 to a Content-Length`)
            lessons.length = true
          } else if (verdicts === 'one by one') lessons.instances = 1
          else if (verdicts === 'fewer') lessons.instances = Math.max(1, asked.length >> 1)
          else {
            lessons.instances = Math.min(most, lessons.instances * 2)
            for (const receipt of await settle(verdicts, asked, stop)) {
              settled.add(receipt.instance)
              yield receipt
            }
          }
        }
        waiting = waiting.filter(each => !settled.has(each.instance.id))
        // A stop before the first byte: nothing began.
        if (!answer && !fault && settled.size === 0) return
        if (enough()) return
      }
    },

    probe: stop => probeDicomWeb(web, stop),
    held: (instances, stop, delivered) =>
      settings.verify === 'count' && delivered
        ? countByQido(web, instances, delivered, stop)
        : listByQido(web, instances, stop),
  }
}

const isDoubt = (verdict: Verdict | undefined) => verdict !== undefined && 'doubt' in verdict

const underWay = (batch: Batch): Parcel[] => {
  const parcel = batch.underWay()
  return parcel ? [parcel] : []
}

/** The receipt of what was on its way when the connection failed, and what is learnt from it. */
function* blame(batch: Batch, fault: Fault, lessons: Lessons): Iterable<Receipt> {
  const sent = batch.sent()
  const [culprit] = batch.underWay() ? underWay(batch) : sent.length === 1 ? sent : []
  const begun = sent.length + underWay(batch).length
  if (fault.code === 'peer-aborted') lessons.cautious = batch.underWay() !== undefined
  // What makes a server fail is found by sending less at once.
  if (begun > 0) lessons.instances = Math.max(1, begun >> 1)
  if (culprit) yield { instance: culprit.instance.id, outcome: 'again', why: whyOf(fault) }
}
