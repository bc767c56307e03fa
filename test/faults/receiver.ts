/**
 * A process to be killed: receives, repeats and removes on the folder given, four at a time, and
 * tells each answer in one line the moment it is given: `kept KEY`, `removed KEY`, `removing KEY`.
 */
import { writeSync } from 'node:fs'
import { openHoldings } from './holdings.ts'

const [folder, round] = process.argv.slice(2) as [string, string]
const tell = (line: string) => writeSync(1, `${line}\n`)
const box = await openHoldings({ folder })
tell('open')

let next = 0
async function sender(): Promise<void> {
  for (;;) {
    const n = next++
    const study = Number(round) * 1_000 + (n % 7)
    const image = { study, series: 1 + (n % 3), instance: n, pixels: (n * 7_919) % 200_000 }
    const { instance } = await box.receive(image)
    tell(`kept ${JSON.stringify(image)}`)
    if (n % 11 === 3) await box.receive(image)
    if (n % 13 === 5) {
      tell(`removing ${JSON.stringify(image)}`)
      await box.archive.remove(instance.id)
      tell(`removed ${JSON.stringify(image)}`)
    }
  }
}
await Promise.all(Array.from({ length: 4 }, sender))
