import { readFileSync, rmSync } from 'node:fs'
import { storeScu } from '../peers/dcmtk.ts'
import { writeCt } from '../samples/synthetic.ts'
import type { Guest } from './guest.ts'
import type { Image, Ledger } from './ledger.ts'

/** Rows of the images: 3 KB to 525 KB, small ones more often. */
const sizes = [36, 36, 64, 64, 128, 128, 256, 512] as const
const mostInBatch = 24

/** Stores a batch, and says of each of its images whether that was acknowledged. */
type Store = (guest: Guest, batch: readonly Image[]) => Promise<boolean[]>

export type Door = 'dicom' | 'http'

const stores: Record<Door, Store> = {
  /** DCMTK's `storescu`; gives up by itself should a machine fall silent instead of going away. */
  async dicom(guest, batch) {
    const args = ['-xe', '-to', '20', '-ta', '60', '-td', '60']
    const sent = await storeScu(guest.dicomPort, batch, { args })
    return sent.map(each => each.outcome === 'sent')
  },
  /** `POST /instances`, one file after another. */
  async http(guest, batch) {
    const taken: boolean[] = []
    for (const { file } of batch) {
      const request = { method: 'POST', body: readFileSync(file) }
      const answer = await fetch(`${guest.url}/instances`, request).catch(() => undefined)
      taken.push(answer?.ok === true)
      await answer?.arrayBuffer().catch(() => undefined)
    }
    return taken
  },
}

/** Four modalities, and a person at a browser. */
export const everyDoor: readonly Door[] = ['dicom', 'dicom', 'dicom', 'dicom', 'http']

/**
 * Senders that store without end, each a new batch as soon as the last is through, and somebody who
 * removes an image now and then. They begin with what an earlier cut left unanswered, as a modality
 * would.
 */
export interface Traffic {
  /** Nothing new is begun from now on; what is under way is left to itself. */
  leave(): void
  /** Resolves when the last of them has ended and the ledger says what was answered. */
  ended: Promise<void>
}

export interface TrafficOptions {
  guest: Guest
  /** One sender at each. */
  doors: readonly Door[]
  ledger: Ledger
  folder: string
  /** Distinguishes the images of this cut from all others. */
  cut: number
  random: () => number
}

export function startTraffic(options: TrafficOptions): Traffic {
  const { guest, doors, ledger, folder, cut, random } = options
  let leaving = false
  const unanswered = [...ledger.images.values()].filter(
    each => !ledger.acknowledged.has(each.sopInstanceUid) && each.state !== 'removed',
  )

  async function sender(door: Door, number: number): Promise<void> {
    let instance = 0
    const next = (): Image => {
      const again = unanswered.pop()
      if (again) return again
      const rows = sizes[Math.floor(random() * sizes.length)]!
      const shape = { uidRoot: '2.25.20261', study: cut, series: number, instance: ++instance }
      return ledger.add(writeCt(folder, shape, rows))
    }
    while (!leaving) {
      const length = 1 + Math.floor(random() * mostInBatch)
      const batch = Array.from({ length }, next)
      const taken = await stores[door](guest, batch)
      for (const [index, image] of batch.entries()) {
        if (!taken[index]) continue
        ledger.acknowledged.add(image.sopInstanceUid)
        if (image.state === 'sent') image.state = 'kept'
        rmSync(image.file, { force: true })
      }
    }
  }

  async function remover(): Promise<void> {
    const kept = [...ledger.images.values()].filter(
      each => each.state === 'kept' && each.id && ledger.acknowledged.has(each.sopInstanceUid),
    )
    while (!leaving && kept.length > 0) {
      const [image] = kept.splice(Math.floor(random() * kept.length), 1)
      image!.state = 'asked'
      const answer = await fetch(`${guest.url}/instances/${image!.id}`, { method: 'DELETE' }).catch(
        () => undefined,
      )
      if (answer?.ok) image!.state = 'removed'
      await answer?.arrayBuffer().catch(() => undefined)
      await new Promise(resolve => setTimeout(resolve, 50 + random() * 500))
    }
  }

  const ended = Promise.all([
    ...doors.map((door, index) => sender(door, index + 1)),
    remover(),
  ]).then(() => {})
  // The cut comes before anybody waits for the end.
  ended.catch(() => {})
  const leave = () => {
    leaving = true
  }
  return { leave, ended }
}
