import type { Log } from '../../log.ts'
import type { OpenStore, Remakings } from '../catalog/catalog.ts'
import type { Service } from './archive.ts'
import type { Rebuilding } from './rebuild.ts'

const lookEvery = 2_000
const mostTries = 3

/**
 * Looks whether the catalogue was met to be damaged while it was read, says so, and makes it again
 * from blobs at once, while receiving goes on. Pages that LMDB itself complains of are read through,
 * and the file is made again, at the next start (`catalog/standing.ts`).
 */
export function createMending(options: {
  unreadable: OpenStore['unreadable']
  remaking: Remakings
  rebuilding: Pick<Rebuilding, 'rebuild'>
  pause: (milliseconds: number, stop: AbortSignal) => Promise<void>
  log: Log
}): Service {
  const { unreadable, remaking, rebuilding, pause, log } = options
  const told = new Set<string>()
  let tries = 0

  function tell(about: string, facts: { why: string; space?: string; advice: string }): void {
    if (told.has(about)) return
    told.add(about)
    log.error('catalogue-damaged', facts)
  }

  async function look(stop: AbortSignal): Promise<void> {
    const { keys = [], pages } = unreadable() ?? {}
    if (pages) {
      const advice =
        'Restart the service: the file is then read through and made again from the images. Check the disk.'
      tell('pages', { why: pages, advice })
    }
    const { changes, mustBeMade, elsewhere } = remaking.sort(keys)
    for (const space of elsewhere) {
      const advice =
        'Images cannot tell this record again. If what needs it does not work, stop the service, move catalog.mdb aside and start it: labels and notes are then lost, and everything is owed again. Check the disk.'
      tell(space, { why: 'a record is not what was written', space, advice })
    }
    if (changes > 0) {
      const advice = 'The change log has a gap there; nothing else is lost. Check the disk.'
      log.error('catalogue-damaged', { why: 'changes cannot be read', changes, advice })
    }
    if (!mustBeMade || tries >= mostTries) return
    tries++
    const advice = 'It is made again from the images while receiving goes on. Check the disk.'
    log.error('catalogue-damaged', { why: 'a record is not what was written', advice })
    await rebuilding.rebuild(stop)
    await remaking.clear()
    tries = 0
  }

  return {
    name: 'mending',
    async run(stop) {
      // Why a making was given up is in the log already.
      for (; !stop.aborted; await pause(lookEvery, stop)) await look(stop).catch(() => undefined)
    },
  }
}
