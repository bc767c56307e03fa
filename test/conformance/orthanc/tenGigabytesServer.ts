import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Archive } from '../../../appliance/holdings/archive/archive.ts'
import { writeCt } from '../../samples/synthetic.ts'
import { startOurs } from './peer.ts'

/**
 * A study of 20 objects of 512 MB. They are small ones on the disk; what the door reads of them is the
 * same megabyte of noise again and again, so that 10 GB pass through all that there is of ours. A
 * process of its own, which its test starts with the flags of the service.
 */
export const [objects, megabytesEach] = [20, 512]
export const megabyte = 1024 * 1024

/** How many objects are being read, and what was read so far. */
export interface Reading {
  open: number
  bytes: number
}

if (process.send) await serve(message => process.send!(message))

async function serve(send: (message: object) => void): Promise<void> {
  const reading: Reading = { open: 0, bytes: 0 }
  const noise = randomBytes(megabyte)

  async function* swollen(): AsyncGenerator<Uint8Array> {
    reading.open++
    try {
      for (let count = 0; count < megabytesEach; count++) {
        reading.bytes += megabyte
        yield Buffer.from(noise)
      }
    } finally {
      reading.open--
    }
  }

  const grown = (archive: Archive): Archive => ({
    ...archive,
    open: (id, range) => (range ? archive.open(id, range) : swollen()),
  })
  const ours = await startOurs(grown)
  const study = await filled(ours.url)
  process.on('message', async what => {
    if (what === 'reading') return send(reading)
    await ours.stop()
    process.disconnect()
  })
  send({ url: ours.url, study })
}

/** Keeps the objects; the study they are of. */
async function filled(url: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'waystation-ten-'))
  try {
    for (let instance = 1; instance <= objects; instance++) {
      const which = { uidRoot: '1.2.826.0.1.3680043.10.77', study: 1, instance }
      const body = readFileSync(writeCt(folder, which, 8).file)
      const answer = await fetch(`${url}/instances`, { method: 'POST', body })
      if (!answer.ok) throw new Error(`upload: ${answer.status} ${await answer.text()}`)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return ((await (await fetch(`${url}/studies`)).json()) as [string])[0]
}
