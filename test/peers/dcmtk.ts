import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { datasetOf } from '../samples/part10.ts'
import { accepting, end, freePort, type Program, start } from './programs.ts'

/** DCMTK's `storescp +B`: writes what comes over the wire bit by bit, and is no judge of it. */
export interface StoreScp {
  port: number
  /** The datasets it took, by SOP Instance UID, without preamble and File Meta Information. */
  datasets(): Map<string, Buffer>
  /** How many objects it took, a repeat included only once. */
  count(): number
  stop(): Promise<void>
  program: Program
}

export async function storeScp(
  folder: string,
  options: {
    port?: number
    args?: string[]
    env?: NodeJS.ProcessEnv
    /** What it takes, in place of everything. */
    only?: { config: string; profile: string }
  } = {},
): Promise<StoreScp> {
  const port = options.port ?? (await freePort())
  const { only } = options
  const takes = only ? ['-xf', only.config, only.profile] : ['+xa', '-pm']
  const args = ['+B', ...takes, '--fork', '-od', folder, ...(options.args ?? []), String(port)]
  const program = start('storescp', args, options.env)
  await accepting(port, program)
  const whole = () => readdirSync(folder).filter(name => !name.endsWith('.part'))
  return {
    port,
    program,
    count: () => whole().length,
    datasets: () =>
      new Map(
        whole().map(name => [
          name.slice(name.indexOf('.') + 1),
          datasetOf(readFileSync(join(folder, name))),
        ]),
      ),
    stop: () => end(program),
  }
}

/** What became of each file that `storescu` was given. */
export interface Sent {
  file: string
  /** `sent` was answered 0x0000; the rest is storescu's own words. */
  outcome: 'sent' | 'not sent'
  said: string
}

/** What storescu must be told for it to propose a transfer syntax other than the uncompressed ones. */
const proposals: Record<string, string> = {
  '1.2.840.10008.1.2.1.99': '-xd',
  '1.2.840.10008.1.2.4.50': '-xy',
  '1.2.840.10008.1.2.4.51': '-xx',
  '1.2.840.10008.1.2.4.70': '-xs',
  '1.2.840.10008.1.2.4.80': '-xt',
  '1.2.840.10008.1.2.4.81': '-xu',
  '1.2.840.10008.1.2.4.90': '-xv',
  '1.2.840.10008.1.2.4.91': '-xw',
  '1.2.840.10008.1.2.5': '-xr',
}

/**
 * Sends files with DCMTK's `storescu`, one association for each transfer syntax that the files are
 * in, because it proposes one compressed syntax at a time. What it cannot read it leaves out.
 */
export async function storeScu(
  port: number,
  files: readonly { file: string; transferSyntaxUid?: string }[],
  options: { args?: string[]; called?: string } = {},
): Promise<Sent[]> {
  const groups = Map.groupBy(files, each => proposals[each.transferSyntaxUid ?? ''] ?? '')
  const all: Sent[] = []
  for (const [proposal, group] of groups) {
    const names = group.map(each => each.file)
    const program = start('storescu', [
      ...['-v', '-nh', '-R', '-aet', 'CT01', '-aec', options.called ?? 'WAYSTATION'],
      ...(proposal ? [proposal] : []),
      ...(options.args ?? []),
      ...['127.0.0.1', String(port)],
      ...names,
    ])
    await program.ended
    all.push(...sentences(program.output(), names))
  }
  return all
}

function sentences(output: string, files: readonly string[]): Sent[] {
  const said = new Map<string, string[]>(files.map(file => [file, []]))
  let current: string[] = []
  for (const line of output.split('\n')) {
    const about = files.find(file => line.includes(`: ${file}`))
    if (about) current = said.get(about)!
    current.push(line)
  }
  return files.map(file => {
    const text = said.get(file)!.join('\n')
    return {
      file,
      said: text,
      outcome: text.includes('Received Store Response (Success)') ? 'sent' : 'not sent',
    }
  })
}
