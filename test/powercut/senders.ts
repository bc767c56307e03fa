import { rmSync } from 'node:fs'
import { storeScu } from '../peers/dcmtk.ts'
import { writeCt } from '../samples/synthetic.ts'
import type { Guest } from './guest.ts'
import type { Image, Ledger } from './ledger.ts'

/** Rows of the images: 3 KB to 525 KB, small ones more often. */
const sizes = [36, 36, 64, 64, 128, 128, 256, 512] as const
const mostInBatch = 24

/** DCMTK gives up by itself when the machine falls silent instead of closing its connections. */
const arguments_ = ['-xe', '-to', '20', '-ta', '60', '-td', '60']

/**
 * Four modalities that store without end, each a DCMTK `storescu` with a new batch as soon as the
 * last is through, and somebody who removes an image now and then. Begins with what an earlier cut
 * left unanswered, as a modality would.
 */
export interface Traffic {
  /** Nothing new is begun from now on; what is under way is left to itself. */
  leave(): void
  /** Resolves when the last of them has ended and the ledger says what was answered. */
  ended: Promise<void>
}

export interface TrafficOptions {
  guest: Guest
  ledger: Ledger
  folder: string
  /** Distinguishes the images of this cut from all others. */
  cut: number
  random: () => number
}

export function startTraffic(options: TrafficOptions): Traffic {
  const { guest, ledger, folder, cut, random } = options
  let leaving = false
  const unanswered = [...ledger.images.values()].filter(
    each => !ledger.acknowledged.has(each.sopInstanceUid) && each.state !== 'removed',
  )

  async function modality(number: number): Promise<void> {
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
      const sent = await storeScu(guest.dicomPort, batch, { args: arguments_ })
      for (const [index, { outcome }] of sent.entries()) {
        const image = batch[index]!
        if (outcome !== 'sent') continue
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

  const ended = Promise.all([...[1, 2, 3, 4].map(modality), remover()]).then(() => {})
  // The cut comes before anybody waits for the end.
  ended.catch(() => {})
  const leave = () => {
    leaving = true
  }
  return { leave, ended }
}
