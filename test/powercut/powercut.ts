import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Outcome, runCuts } from './cuts.ts'
import { makeMachine } from './machine.ts'

/** The service, as it is started in the guest. */
export const service =
  '/bin/node appliance/main.ts serve --data /data/box --http-host 0.0.0.0 --http-port 8042 --dicom-port 11112'

export function sentenceOf(outcome: Outcome): string {
  const { cuts, cutsAtStart, acknowledged, found, lost, removed, secondsPerCut } = outcome
  return (
    `${cuts} power cuts under load, ${cutsAtStart} while starting: ` +
    `acknowledged ${acknowledged}, found ${found}, removed on request ${removed}, lost ${lost}; ` +
    `${secondsPerCut.toFixed(1)} s for each cut`
  )
}

const help = `usage: npm run test:powercut -- [--cuts N] [--seed N] [--plain-drive] [--without-sync] [--keep]

  --cuts N        cuts under load (default 5)
  --seed N        the same random choices again
  --plain-drive   a drive that keeps everything the guest wrote, flushed or not
  --without-sync  the control: fsync does nothing, so images must get lost
  --keep          leave the disks and the guest's console in place
`

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      cuts: { type: 'string', default: '5' },
      seed: { type: 'string', default: String(Date.now() % 1e6) },
      'plain-drive': { type: 'boolean', default: false },
      'without-sync': { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const say = (line: string) => void process.stdout.write(`${line}\n`)
  const [cuts, seed] = [Number(values.cuts), Number(values.seed)]
  if (values.help || !Number.isInteger(cuts) || cuts < 1 || !Number.isInteger(seed)) {
    say(help)
    return values.help ? 0 : 64
  }
  const folder = mkdtempSync(join(tmpdir(), 'waystation-powercut-'))
  // Ctrl-C must not leave the machine running: ending this process in order ends it too.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(75))
  let keep = true
  try {
    const withoutSync = values['without-sync']
    const machine = await makeMachine(folder, { command: service, withoutSync })
    const drive = values['plain-drive'] ? 'plain' : 'volatile'
    say(`seed ${seed}, ${drive} drive${withoutSync ? ', without sync' : ''}`)
    const outcome = await runCuts({ machine, folder, cuts, seed, drive, say })
    say(sentenceOf(outcome))
    for (const fault of outcome.faults) say(`  ${fault}`)
    keep = values.keep || outcome.faults.length > 0
    return outcome.faults.length > 0 ? 1 : 0
  } finally {
    if (keep) say(`disks and console are kept in ${folder}`)
    else rmSync(folder, { recursive: true, force: true })
  }
}

if (import.meta.main) process.exitCode = await main()
