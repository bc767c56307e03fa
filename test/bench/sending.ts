import { createReadStream, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Parcel } from '../../appliance/duties/forward/destinations/destination.ts'
import { dimseSettings, openDimse } from '../../appliance/duties/forward/destinations/dimse.ts'
import type { Instance } from '../../appliance/holdings/catalog/catalog.ts'
import { type BlobKey, openDisk } from '../../appliance/holdings/storage/storage.ts'
import { silentLog } from '../../appliance/log.ts'
import { accepting, end, freePort, start } from '../peers/programs.ts'
import type { Synthetic } from '../samples/synthetic.ts'
import { send, type Work } from './works.ts'

const ctImage = '1.2.840.10008.5.1.4.1.1.2'
const explicitLittleEndian = '1.2.840.10008.1.2.1'

type Kept = Synthetic & { key: BlobKey; read: Awaited<ReturnType<typeof openDisk>>['read'] }

/** The images as the box keeps them, so that what is measured is what the relay does. */
async function kept(images: readonly Synthetic[], folder: string): Promise<Kept[]> {
  const { write, read } = await openDisk({ folder })
  const all: Kept[] = []
  for (const image of images) {
    all.push({ ...image, ...(await write(createReadStream(image.file))), read })
  }
  return all
}

/** Our own sending, as the relay sends: its destination over DIMSE, and every dataset a stream from the
 * disk. */
async function sendOurselves(images: readonly Kept[], port: number): Promise<number> {
  const begun = performance.now()
  const destination = openDimse(
    dimseSettings.parse({ name: 'bench', kind: 'dimse', aet: 'STORESCP', host: '127.0.0.1', port }),
    { aeTitle: 'BENCH', log: silentLog },
  )
  const parcels = images.map(({ key, read, sopInstanceUid, datasetOffset, bytes }): Parcel => {
    const instance = {
      ...{ id: sopInstanceUid, sopClassUid: ctImage, sopInstanceUid },
      ...{ transferSyntaxUid: explicitLittleEndian, datasetOffset, bytes },
    } as unknown as Instance
    return {
      instance,
      dataset: () => read(key, { from: datasetOffset, to: bytes }),
      file: () => read(key),
    }
  })
  for await (const receipt of destination.deliver(parcels, new AbortController().signal))
    if (receipt.outcome !== 'accepted') throw new Error(`storescp: ${receipt.why.detail}`)
  return (performance.now() - begun) / 1000
}

/** Sending to `storescp --ignore`, ours against storescu's. */
export async function measureSending(
  work: Work,
  runs: number,
  folder: string,
  say: (line?: string) => void,
): Promise<void> {
  const blobs = join(folder, 'sending')
  const images = await kept(work.senders[0]!, blobs)
  const port = await freePort()
  const program = start('storescp', ['--ignore', '--fork', String(port)])
  await accepting(port, program)
  const ours: number[] = []
  const theirs: number[] = []
  try {
    for (let run = 0; run < runs; run++) {
      ours.push(await sendOurselves(images, port))
      theirs.push(await send(work, port))
    }
  } finally {
    await end(program)
    rmSync(blobs, { recursive: true })
  }
  const median = (numbers: number[]) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]!
  const [own, other] = [median(ours), median(theirs)]
  say(`\n### sending ${work.instances} CT to storescp --ignore\n`)
  say('| sender | instances/s | MB/s | Waystation is |')
  say('|---|---:|---:|---:|')
  say(
    `| Waystation | ${(work.instances / own).toFixed(0)} | ${(work.megabytes / own).toFixed(0)} | |`,
  )
  say(
    `| storescu | ${(work.instances / other).toFixed(0)} | ${(work.megabytes / other).toFixed(0)} | ${(other / own).toFixed(2)} × as fast |`,
  )
}
