import { mkdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { createForward, forwardSettings } from '../../appliance/duties/forward/forward.ts'
import { openStore } from '../../appliance/holdings/catalog/catalog.ts'
import { silentLog } from '../../appliance/log.ts'
import { writeDataset } from '../../appliance/standard/dicom/dicom.ts'
import type { ShapingProxy } from './shapingProxy.ts'
import { createStandInArchive, type Image } from './standInArchive.ts'

/** A relay on real time and sockets, its ledger in a real store, its images in memory. */
export async function startRelay(folder: string, given: { destinations: object[]; link?: object }) {
  mkdirSync(folder, { recursive: true })
  const held = createStandInArchive()
  const store = await openStore({ folder })
  const names = given.destinations.map(each => (each as { name: string }).name)
  const forward = createForward({
    archive: held.archive,
    ...{ store, aeTitle: 'WAYSTATION', log: silentLog, now: Date.now, random: Math.random },
    settings: forwardSettings.parse({
      ...given,
      rules: [
        { name: 'urgent', when: { sender: 'ER*' }, send: names, priority: 'stat', final: true },
        { name: 'all', send: names },
      ],
    }),
    pause: (seconds, stop) =>
      sleep(seconds * 1000, undefined, { signal: stop }).catch(() => undefined),
  })
  const stopping = new AbortController()
  let running: Promise<void> | undefined
  return {
    held,
    begin() {
      running = forward.run(stopping.signal)
    },
    pause: (name: string) => forward.pause(name),
    resume: (name: string) => forward.resume(name),
    async owing(count: number): Promise<void> {
      const owes = () =>
        forward
          .destinations()
          .every(({ sums }) => sums.owed.deliveries + sums.sending.deliveries === count)
      while (!owes()) await sleep(5)
    },
    async stop(...lines: ShapingProxy[]) {
      stopping.abort()
      await Promise.all(lines.map(each => each.stop()))
      await running
      await store.close()
    },
  }
}

/** An image of so many bytes, none like another, and with its UID as far as a far side looks. */
export function imageOf(study: number, image: number, bytes: number): Image {
  const uid = writeDataset(
    [{ tag: 'SOPInstanceUID', value: `1.2.3.${study}.${image}` }],
    '1.2.840.10008.1.2.1',
  )
  return { study, image, dataset: Buffer.concat([uid, Buffer.alloc(bytes - uid.length, image)]) }
}
