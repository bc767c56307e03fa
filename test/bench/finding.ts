import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { openStore, type Recorded } from '../../appliance/holdings/catalog/catalog.ts'
import { claimDataFolder } from '../../appliance/holdings/storage/storage.ts'
import { silentLog } from '../../appliance/log.ts'
import {
  explicitLittleEndian,
  type NewElement,
  writeDataset,
  writeFileMeta,
} from '../../appliance/standard/dicom/dicom.ts'
import { connect } from '../../appliance/standard/dimse/dimse.ts'
import { fill, recordedOf, studyOf } from './filling.ts'
import { orthanc, type Server, waystation } from './servers.ts'

const studyRoot = '1.2.840.10008.5.1.4.1.2.2.1'
const surname = 'Smith'
const wanted = 50

/** So many are sent to Orthanc at a time: one by one it takes minutes. */
const senders = 4

/**
 * C-FIND of 50 studies by date and name, from the association's request to its release: ours among
 * `studies`, filled directly through the catalogue; Orthanc's among `orthancStudies`, tiny objects
 * over its REST API, the same 50 among them. Fewer studies are no disadvantage to it.
 */
export async function measureFinding(
  runs: number,
  folder: string,
  say: (line?: string) => void,
  { studies = 100_000, orthancStudies = 30_000 } = {},
): Promise<void> {
  const path = join(folder, 'finding')
  const { dates, matching } = fiftyOf(studies)
  const data = join(path, 'waystation')
  mkdirSync(data, { recursive: true })
  const claim = await claimDataFolder(data)
  const store = await openStore({ folder: join(data, 'catalog') })
  await fill(store, { studies, instancesPerStudy: 1 })
  await store.close()
  await claim.release()
  const started: Server[] = [await waystation(path)]
  const held = [studies]
  try {
    const peer = await orthanc(path, true)
    started.push(peer)
    await fillOrthanc(peer.url!, matching, orthancStudies)
    held.push(orthancStudies)
  } catch (error) {
    say(`Orthanc is left out of finding: ${(error as Error).message.slice(0, 200)}`)
  }
  try {
    const times = started.map((): number[] => [])
    for (let run = -5; run < runs * 10; run++) {
      for (const [at, server] of started.entries()) {
        const took = await find(server.dicomPort, dates)
        if (run >= 0) times[at]!.push(took)
      }
    }
    report(started, held, times, say)
  } finally {
    for (const server of started) await server.stop()
  }
}

/** The shortest stretch of days from 2020 on with 50 studies of that name, and their numbers. */
function fiftyOf(studies: number): { dates: string; matching: number[] } {
  const all: { number: number; date: string }[] = []
  for (let number = 0; number < studies; number++) {
    const { patientName, studyDate } = studyOf(number)
    if (patientName.startsWith(surname) && studyDate >= '20200101') {
      all.push({ number, date: studyDate })
    }
  }
  all.sort((a, b) => (a.date < b.date ? -1 : 1))
  const chosen = all.slice(0, wanted)
  const to = chosen.at(-1)!.date
  const matching = all.filter(({ date }) => date <= to).map(({ number }) => number)
  return { dates: `20200101-${to}`, matching }
}

const keysFor = (dates: string): NewElement[] => [
  { tag: 'QueryRetrieveLevel', value: 'STUDY' },
  { tag: 'PatientName', value: `${surname}*` },
  { tag: 'StudyDate', value: dates },
  ...['PatientID', 'PatientBirthDate', 'StudyInstanceUID', 'StudyTime', 'AccessionNumber'].map(
    tag => ({ tag }),
  ),
  ...['StudyDescription', 'ModalitiesInStudy', 'NumberOfStudyRelatedInstances'].map(tag => ({
    tag,
  })),
]

async function find(port: number, dates: string): Promise<number> {
  const dataset = writeDataset(keysFor(dates), explicitLittleEndian)
  const begun = performance.now()
  const association = await connect({
    ...{ host: '127.0.0.1', port, callingAeTitle: 'BENCH', calledAeTitle: 'ARCHIVE' },
    contexts: [{ abstractSyntax: studyRoot, transferSyntaxes: [explicitLittleEndian] }],
    log: silentLog,
  })
  let found = 0
  for await (const reply of association.perform({
    operation: 'C-FIND',
    sopClassUid: studyRoot,
    dataset,
  })) {
    if (reply.dataset) found++
    else if (reply.status !== 0) throw new Error(`C-FIND ended with ${reply.status.toString(16)}`)
  }
  await association.release()
  const took = performance.now() - begun
  if (found < wanted) throw new Error(`${found} studies were found, not ${wanted}`)
  return took
}

async function fillOrthanc(
  url: string,
  matching: readonly number[],
  studies: number,
): Promise<void> {
  const own = new Set(matching)
  const numbers = [...own]
  for (let number = 0; numbers.length < studies; number++) {
    if (!own.has(number)) numbers.push(number)
  }
  let next = 0
  const sending = async () => {
    for (let at = next++; at < numbers.length; at = next++) {
      const body = fileOf(recordedOf(numbers[at]!, 0, 0, 1))
      const { ok, status } = await fetch(`${url}/instances`, { method: 'POST', body })
      if (!ok) throw new Error(`Orthanc answered ${status}`)
    }
  }
  await Promise.all(Array.from({ length: senders }, sending))
}

/** What was recorded as a file of half a kilobyte, without pixels. */
function fileOf({ instance, tags }: Recorded): Uint8Array<ArrayBuffer> {
  const { sopClassUid, sopInstanceUid, transferSyntaxUid } = instance
  const texts = { ...tags.patient, ...tags.study, ...tags.series, ...instance.tags }
  const dataset = writeDataset(
    [
      { tag: 'SpecificCharacterSet', value: 'ISO_IR 192' },
      { tag: 'SOPClassUID', value: sopClassUid },
      ...Object.entries(texts).map(([tag, value]) => ({ tag, value })),
    ],
    transferSyntaxUid,
  )
  const meta = writeFileMeta({
    ...{ sopClassUid, sopInstanceUid, transferSyntaxUid },
    implementationClassUid: '1.2.826.0.1.3680043.10.1.1',
    implementationVersionName: 'BENCH',
  })
  return new Uint8Array(Buffer.concat([meta, dataset]))
}

function report(
  servers: readonly Server[],
  held: readonly number[],
  times: readonly number[][],
  say: (line?: string) => void,
): void {
  const at = (all: readonly number[], part: number) =>
    all.toSorted((a, b) => a - b)[Math.floor((all.length - 1) * part)]!
  say(`\n### C-FIND of ${wanted} studies by date and name, with its association\n`)
  say('| server | studies | median ms | 95 of 100 within | Waystation is |')
  say('|---|---:|---:|---:|---:|')
  const own = at(times[0]!, 0.5)
  for (const [index, server] of servers.entries()) {
    const median = at(times[index]!, 0.5)
    const ratio = index === 0 ? '' : `${(median / own).toFixed(1)} × as fast`
    say(
      `| ${server.name} | ${held[index]!.toLocaleString('en')} | ${median.toFixed(1)} | ${at(times[index]!, 0.95).toFixed(1)} | ${ratio} |`,
    )
  }
}
