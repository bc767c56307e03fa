import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { start } from '../peers/programs.ts'
import { type Synthetic, writeCt, writeMultiFrame } from '../samples/synthetic.ts'

/** Something to be received: files spread over senders that work at the same time. */
export interface Work {
  name: string
  senders: Synthetic[][]
  instances: number
  megabytes: number
}

const uidRoot = '1.2.826.0.1.3680043.10.42'

function work(name: string, images: readonly Synthetic[], senders: number): Work {
  return {
    name,
    senders: Array.from({ length: senders }, (_, n) =>
      images.filter((_, index) => index % senders === n),
    ),
    instances: images.length,
    megabytes: images.reduce((sum, each) => sum + each.bytes, 0) / 1e6,
  }
}

export function makeWorks(folder: string): {
  ct: Work
  ctFour: Work
  small: Work
  large: Work
  warmUp: Work
} {
  const images = (name: string, count: number, rows: number, study: number) => {
    const path = join(folder, name)
    mkdirSync(path, { recursive: true })
    return Array.from({ length: count }, (_, index) =>
      writeCt(path, { uidRoot, study: study + (index % 4), instance: index + 1 }, rows),
    )
  }
  const ct = images('ct', 300, 512, 10)
  const small = images('small', 2000, 36, 20)
  const path = join(folder, 'large')
  mkdirSync(path, { recursive: true })
  const large = writeMultiFrame(path, { uidRoot, study: 30, instance: 1 }, 500)
  return {
    ct: work('300 CT of 526 KB, 1 association', ct, 1),
    ctFour: work('300 CT of 526 KB, 4 associations', ct, 4),
    small: work('2,000 objects of 3 KB, 4 associations', small, 4),
    large: work('one object of 500 MB', [large], 1),
    warmUp: work('warm-up', images('warm-up', 40, 512, 40), 2),
  }
}

/**
 * Sends with DCMTK's storescu, each sender a process and an association; resolves with the seconds it
 * took. `anew` gives every image a new SOP Instance UID, so that whoever has it stores it again.
 */
export async function send(work: Work, port: number, as?: 'anew'): Promise<number> {
  const begun = performance.now()
  const senders = work.senders.map(images =>
    start('storescu', [
      ...['-R', '-pdu', '131072', '-aec', 'BENCH'],
      ...(as === 'anew' ? ['+II'] : []),
      ...['127.0.0.1', String(port)],
      ...images.map(each => each.file),
    ]),
  )
  const ends = await Promise.all(senders.map(each => each.ended))
  const seconds = (performance.now() - begun) / 1000
  const failed = ends.findIndex(code => code !== 0)
  if (failed >= 0)
    throw new Error(`storescu ended with ${ends[failed]}: ${senders[failed]!.output()}`)
  return seconds
}
