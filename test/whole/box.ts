import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually, type Program, start } from '../peers/programs.ts'

/** The real service in a process of its own, as a person starts it. */
export interface Box {
  url: string
  dicomPort: number
  pid: number
  program: Program
  /** Every log line so far. */
  log(): Record<string, unknown>[]
  get<T>(path: string): Promise<T>
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | NodeJS.Signals>
  /** SIGKILL: what a power cut looks like to a process. */
  kill(): Promise<void>
}

const root = join(import.meta.dirname, '../..')
const waystation = join(root, 'appliance/waystation.sh')

/** How the service's own Node is started: its flags and environment, as waystation.sh has them. */
export function serviceNode(): { flags: string[]; env: Record<string, string> } {
  const text = readFileSync(waystation, 'utf8')
  const flags = /bin\/node" (--.*) \\\n/.exec(text)?.[1]?.split(' ') ?? []
  const env = Array.from(text.matchAll(/([A-Z_]+)="\$\{\1:-(\d+)\}"/g), ([, name, value]) => [
    name!,
    value!,
  ])
  if (flags.length === 0 || env.length === 0) throw new Error('waystation.sh starts Node otherwise')
  return { flags, env: Object.fromEntries(env) }
}

export function temporaryFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'waystation-whole-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** Starts the service on free ports and waits for its `ready` line. */
export async function startBox(options: {
  data: string
  config?: unknown
  args?: string[]
  env?: NodeJS.ProcessEnv
}): Promise<Box> {
  const args = [
    '--data',
    options.data,
    '--http-port',
    '0',
    '--dicom-port',
    '0',
    ...(options.args ?? []),
  ]
  if (options.config !== undefined) {
    const file = `${options.data}.json`
    writeFileSync(file, JSON.stringify(options.config))
    args.push('--config', file)
  }
  const program = start('sh', [waystation, 'serve', ...args], options.env)
  let over: unknown
  program.ended.then(code => (over = code))
  const log = () =>
    program
      .output()
      .split('\n')
      .flatMap(line => {
        try {
          return [JSON.parse(line)]
        } catch {
          return []
        }
      })
  const ready = await eventually(() => {
    if (over !== undefined) throw new Error(`the service ended with ${over}:\n${program.output()}`)
    return log().find(line => line.event === 'ready')
  }, 'the ready line')
  const url = `http://127.0.0.1:${ready.http}`
  return {
    url,
    dicomPort: ready.dicom as number,
    pid: program.child.pid!,
    program,
    log,
    async get(path) {
      const response = await fetch(url + path)
      if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`)
      return response.json() as never
    },
    async stop() {
      program.child.kill('SIGTERM')
      return await program.ended
    },
    async kill() {
      program.child.kill('SIGKILL')
      await program.ended
    },
  }
}
