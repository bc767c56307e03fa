import { statSync } from 'node:fs'
import { join } from 'node:path'
import { archiveSettings, openArchive } from '../../appliance/holdings/archive/archive.ts'
import { type Match, openStore } from '../../appliance/holdings/catalog/catalog.ts'
import { openDisk } from '../../appliance/holdings/storage/storage.ts'
import { silentLog } from '../../appliance/log.ts'
import { imageOf, inPieces } from '../faults/images.ts'
import { fill, studyOf } from './filling.ts'

export interface CatalogBench {
  folder: string
  /** Of how many each median is. */
  runs: number
  instances: number
  /** In the larger of the two catalogues between which receiving is compared. */
  held: number
  say: (line: string) => void
}

const perStudy = 10
const median = (numbers: readonly number[]) =>
  numbers.toSorted((a, b) => a - b)[numbers.length >> 1]!

async function open(folder: string) {
  const store = await openStore({ folder: join(folder, 'catalog') })
  const archive = await openArchive({
    openBlobs: after => openDisk({ folder: join(folder, 'blobs'), ...(after && { after }) }),
    store,
    settings: archiveSettings.parse({}),
    now: () => new Date(),
    elapsed: () => performance.now(),
    holds: () => false,
    log: silentLog,
  })
  return { store, archive }
}

async function filled(folder: string, count: number): Promise<void> {
  const store = await openStore({ folder: join(folder, 'catalog') })
  await fill(store, { studies: count, instancesPerStudy: perStudy, seriesPerStudy: 2 })
  await store.close()
}

/** Instances a second of 4 senders, through the archive, durable. */
async function receive(
  { archive }: Awaited<ReturnType<typeof open>>,
  round: number,
  count: number,
): Promise<number> {
  const files = Array.from(
    { length: count },
    (_, n) => imageOf({ study: 5_000_000 + round, instance: n, pixels: 20_000 }).file,
  ).values()
  const begun = performance.now()
  const sender = async () => {
    for (const file of files) {
      const origin = { door: 'DicomProtocol', at: new Date().toISOString() } as const
      await archive.receiveFile(inPieces(file, 65_536), origin)
    }
  }
  await Promise.all([sender(), sender(), sender(), sender()])
  return count / ((performance.now() - begun) / 1_000)
}

async function measureReceiving({ folder, held, runs, say }: CatalogBench): Promise<void> {
  const [small, large] = [join(folder, 'small'), join(folder, 'large')]
  await filled(small, 1_000 / perStudy)
  await filled(large, held / perStudy)
  const boxes = [await open(small), await open(large)] as const
  const rates: [number[], number[]] = [[], []]
  for (let run = -1; run < runs; run++) {
    for (const which of run % 2 ? ([1, 0] as const) : ([0, 1] as const)) {
      const rate = await receive(boxes[which], run + 2, 300)
      if (run >= 0) rates[which].push(rate)
    }
  }
  for (const { archive, store } of boxes) {
    await archive.close()
    await store.close()
  }
  const [few, many] = [median(rates[0]), median(rates[1])]
  say(
    `receiving at 1,000: ${few.toFixed(0)}/s; at ${held.toLocaleString('en')}: ${many.toFixed(0)}/s; ratio ${(many / few).toFixed(2)} (at least 0.9)`,
  )
}

async function measureSearching({ folder, instances, say }: CatalogBench): Promise<void> {
  const studies = instances / perStudy
  await filled(folder, studies)
  const begun = performance.now()
  const { archive, store } = await open(folder)
  say(`opening: ${(performance.now() - begun).toFixed(0)} ms (at most 2,000)`)
  const bytes = statSync(join(folder, 'catalog', 'catalog.mdb')).size
  say(`catalogue: ${(bytes / instances).toFixed(0)} bytes an instance`)
  const time = (name: string, most: number, ask: (n: number) => number) => {
    let found = 0
    const times = Array.from({ length: 200 }, (_, n) => {
      const asked = performance.now()
      found += ask(n)
      return performance.now() - asked
    })
    if (found === 0) throw new Error(`${name}: nothing was found`)
    say(`${name}: ${median(times).toFixed(3)} ms median (at most ${most})`)
  }
  const { catalog } = archive
  const find = (where: Record<string, Match>, limit?: number) =>
    Array.from(catalog.search({ level: 'Study', where, ...(limit && { limit }) })).length
  const at = (n: number) => studyOf((n * 7_919) % studies)
  const named = (n: number): Record<string, Match> => ({
    PatientName: { kind: 'wildcard', pattern: `${at(n).patientName.slice(0, 1 + (n % 4))}*` },
    StudyDate: {
      kind: 'range',
      from: `${at(n).studyDate.slice(0, 6)}01`,
      to: `${at(n).studyDate.slice(0, 6)}31`,
    },
  })
  time('exact PatientID', 1, n =>
    find({ PatientID: { kind: 'equals', values: [at(n).patientId] } }),
  )
  time('name prefix within a month, first 50', 10, n => find(named(n), 50))
  time('name prefix within a month, count', 50, n =>
    catalog.count({ level: 'Study', where: named(n) }),
  )
  await archive.close()
  await store.close()
}

/**
 * What a large catalogue costs, ten instances a study: receiving, interleaved between a small one and
 * a large one, then opening and searching the largest.
 */
export async function measureCatalog(bench: CatalogBench): Promise<void> {
  bench.say('\n### a large catalogue\n')
  await measureReceiving({ ...bench, folder: join(bench.folder, 'receiving') })
  await measureSearching({ ...bench, folder: join(bench.folder, 'searching') })
}
