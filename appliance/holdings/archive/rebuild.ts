import { Fault, faultOf } from '../../faults.ts'
import type { Listed, Register, Remaking, Remakings } from '../catalog/catalog.ts'
import type { Capacity } from './capacity.ts'
import { readNote } from './note.ts'
import { isIntact, type Recovering, recover } from './recover.ts'
import { doesNotTell, toldBy } from './told.ts'
import type { Watermark } from './watermark.ts'

/** How a making of the catalogue stands, or how the last one ended. */
export interface RebuildReport {
  state: 'never' | 'under way' | 'done' | 'abandoned'
  began?: string
  ended?: string
  /** Instances read from their blobs, and those kept as they were known since theirs did not tell. */
  read: number
  kept: number
  /** Blobs that nobody had listed. */
  found: number
  why?: string
}

export interface Rebuilding {
  /** Resolves when the catalogue made anew is used, durably. Faults: `busy`, `storage-full`. */
  rebuild(stop?: AbortSignal): Promise<RebuildReport>
  report(): RebuildReport
}

type Parts = Recovering & {
  remaking: Remakings
  capacity: Pick<Capacity, 'isFull' | 'refresh'>
  watermark: Watermark
}

/** So many changes of the catalogue in use are brought over at the next occasion. */
const behindEnough = 200
const flushEvery = 500
const atOnce = 8

/**
 * Makes the whole catalogue again from blobs, beside the one in use, which goes on answering and
 * receiving; what changes in it meanwhile is brought over, and at the end the new one is used, in
 * one turn. What no blob can tell is carried over: change numbers, order of arrival, when a resource
 * last changed, who is stable, quarantine and damage. An instance whose blob does not tell keeps what
 * was known of it, and is marked as damaged. After a crash the old catalogue is there as if nothing
 * had begun, and the making begins anew (`wanted`).
 */
export function createRebuilding(parts: Parts): Rebuilding {
  const { blobs, register, remaking, capacity, watermark, now, log } = parts
  let report: RebuildReport = { state: 'never', read: 0, kept: 0, found: 0 }

  /** Blobs that the catalogue in use never listed: they are listed there, and so in both. */
  async function findUnlisted(stop?: AbortSignal): Promise<void> {
    for await (const { key, bytes } of blobs.keys()) {
      stop?.throwIfAborted()
      const settled = watermark.value()
      if (settled === undefined || key > settled) return
      if (register.knows(key)) continue
      const note = await readNote(blobs, key, bytes)
      if (!note || !(await isIntact(blobs, key, note)) || register.knows(key)) continue
      if ((await recover(parts, key, bytes, 'settled')) === 'listed') report.found++
    }
  }

  /** Of one that is lost twice over, in its blob and in the catalogue, only its name can be told. */
  function isKept(made: Remaking, number: string, instance: Listed): boolean {
    try {
      return made.keep(number)
    } catch (thrown) {
      if (faultOf(thrown).code !== 'catalogue-damaged') throw thrown
      log.error('instance-lost', {
        ...{ sopInstanceUid: instance.sopInstanceUid, blob: instance.blob },
        advice:
          'Neither its file nor the catalogue tells it any more; send it again from its source.',
      })
      return false
    }
  }

  async function make(made: Remaking, stop?: AbortSignal): Promise<void> {
    const lot: { number: string; instance: Listed }[] = []
    const settleLot = async () => {
      const answers = await Promise.all(lot.map(each => toldBy(parts, each.instance)))
      for (const [at, answer] of answers.entries()) {
        const { number, instance } = lot[at]!
        if (typeof answer !== 'string') {
          if (made.record(number, answer)) report.read++
          continue
        }
        if (!isKept(made, number, instance)) continue
        report.kept++
        doesNotTell(parts, instance, answer)
      }
      lot.length = 0
      if (made.behind() > behindEnough) made.catchUp()
    }
    let seen = 0
    for (const each of made.instances()) {
      stop?.throwIfAborted()
      lot.push(each)
      if (lot.length < atOnce) continue
      await settleLot()
      seen += atOnce
      if (seen % flushEvery < atOnce) {
        await register.flushed()
        if (capacity.isFull()) throw new Fault('storage-full', 'no room for a second catalogue')
      }
    }
    await settleLot()
    await made.carryOver()
    await register.flushed()
  }

  function unwant(): void {
    try {
      register.setFact('rebuild', { wanted: false, tries: 0 })
    } catch (thrown) {
      log.debug('rebuild-still-wanted', { detail: faultOf(thrown).detail })
    }
  }

  async function rebuild(stop?: AbortSignal): Promise<RebuildReport> {
    if (report.state === 'under way') throw new Fault('busy', 'the catalogue is being made again')
    const begin: RebuildReport = { state: 'under way', read: 0, kept: 0, found: 0 }
    report = { ...begin, began: now().toISOString() }
    let made: Remaking | undefined
    try {
      await capacity.refresh()
      if (capacity.isFull()) throw new Fault('storage-full', 'no room for a second catalogue')
      register.setFact('rebuild', { wanted: true, tries: triesOf(register) + 1 })
      await register.flushed()
      log.info('rebuild-began', {})
      await findUnlisted(stop)
      made = await remaking.begin()
      await make(made, stop)
      const isIncomplete = made.isIncomplete()
      if (!isIncomplete) register.setFact('rebuild', { wanted: false, tries: 0 })
      made.use()
      made = undefined
      if (isIncomplete) {
        await findUnlisted(stop)
        register.setFact('rebuild', { wanted: false, tries: 0 })
      }
      await register.flushed()
      report = { ...report, state: 'done', ended: now().toISOString() }
      const { read, kept, found } = report
      log.info('rebuilt', { ...parts.catalog.totals(), read, kept, found })
      return report
    } catch (thrown) {
      made?.abandon()
      const stopped = stop?.aborted === true
      const fault = stopped ? new Fault('stopping', 'the box is being stopped') : faultOf(thrown)
      report = { ...report, state: 'abandoned', ended: now().toISOString(), why: fault.detail }
      // A stop is no failure: the next start begins anew. So it does where this cannot be written.
      if (!stopped) unwant()
      const advice = 'The catalogue in use is as it was; see the detail, then ask for it again.'
      log.warn('rebuild-abandoned', { code: fault.code, detail: fault.detail, advice })
      throw fault
    }
  }

  return { rebuild, report: () => report }
}

const mostTries = 3

/** Whether a crash broke a making off that should be begun again. */
export function isRebuildWanted(register: Register): boolean {
  const fact = register.fact<{ wanted: boolean; tries: number }>('rebuild')
  return fact?.wanted === true && fact.tries < mostTries
}

const triesOf = (register: Register) => register.fact<{ tries: number }>('rebuild')?.tries ?? 0
