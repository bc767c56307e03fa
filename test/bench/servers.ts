import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { accepting, freePort, type Program, start } from '../peers/programs.ts'
import { startBox } from '../whole/box.ts'

/** A DICOM server under measurement. */
export interface Server {
  name: string
  dicomPort: number
  /** Where its REST API is, when it has one. */
  url?: string
  /** Seconds of CPU of the process and its ended children so far. */
  cpuSeconds(): number
  /** The most memory it ever held, in MB, since the last call of `forgetPeak`. */
  peakMegabytes(): number
  forgetPeak(): void
  /** Back to an empty archive, so that every work begins with one. */
  empty(): Promise<void>
  stop(): Promise<void>
}

const ticksPerSecond = 100 // USER_HZ of every Linux that Debian builds, proc(5)

export function figuresOf(pid: number | 'self') {
  return {
    cpuSeconds() {
      const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
      const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
      const [user, system, childUser, childSystem] = fields.slice(11, 15).map(Number)
      return (user! + system! + childUser! + childSystem!) / ticksPerSecond
    },
    peakMegabytes() {
      return (
        Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024
      )
    },
    /** Linux resets VmHWM to the present size (proc(5), clear_refs). */
    forgetPeak() {
      writeFileSync(`/proc/${pid}/clear_refs`, '5')
    },
  }
}

async function stopping(program: Program): Promise<void> {
  program.child.kill('SIGTERM')
  await program.ended
}

export async function waystation(folder: string, config?: unknown): Promise<Server> {
  const box = await startBox({
    data: join(folder, 'waystation'),
    ...(config !== undefined && { config }),
  })
  return {
    name: 'Waystation',
    dicomPort: box.dicomPort,
    ...figuresOf(box.pid),
    async empty() {
      for (const id of await box.get<string[]>('/patients')) {
        await fetch(`${box.url}/patients/${id}`, { method: 'DELETE' })
      }
    },
    stop: async () => void (await box.stop()),
  }
}

/** DCMTK's storescp, bit preserving: it syncs nothing and indexes nothing. */
export async function storescp(folder: string, fork: boolean): Promise<Server> {
  const name = fork ? 'storescp --fork +B' : 'storescp +B'
  const target = join(folder, name.replaceAll(' ', ''))
  mkdirSync(target, { recursive: true })
  const port = await freePort()
  const program = start('storescp', [
    '+B',
    '+xa',
    ...(fork ? ['--fork'] : []),
    '-od',
    target,
    String(port),
  ])
  await accepting(port, program)
  return {
    name,
    dicomPort: port,
    ...figuresOf(program.child.pid!),
    async empty() {
      for (const file of readdirSync(target)) rmSync(join(target, file))
    },
    stop: () => stopping(program),
  }
}

/** Debian's Orthanc; as shipped it waits for Nagle's algorithm, with TCP_NODELAY=1 it does not. */
export async function orthanc(
  folder: string,
  noDelay: boolean,
  more: object = {},
): Promise<Server> {
  const name = noDelay ? 'Orthanc (TCP_NODELAY=1)' : 'Orthanc as shipped'
  const target = join(folder, noDelay ? 'orthanc-nodelay' : 'orthanc')
  mkdirSync(target, { recursive: true })
  const [dicomPort, httpPort] = [await freePort(), await freePort()]
  const configuration = {
    StorageDirectory: join(target, 'storage'),
    IndexDirectory: join(target, 'storage'),
    DicomPort: dicomPort,
    HttpPort: httpPort,
    DicomAet: 'ORTHANC',
    DicomAlwaysAllowFind: true,
    Plugins: [],
    ...more,
  }
  const file = join(target, 'orthanc.json')
  writeFileSync(file, JSON.stringify(configuration))
  const program = start('Orthanc', [file], {
    PATH: `${process.env.PATH}:/usr/sbin`,
    TCP_NODELAY: noDelay ? '1' : '0',
  })
  await accepting(httpPort, program)
  const url = `http://127.0.0.1:${httpPort}`
  return {
    name,
    dicomPort,
    url,
    ...figuresOf(program.child.pid!),
    async empty() {
      for (const id of (await (await fetch(`${url}/patients`)).json()) as string[]) {
        await fetch(`${url}/patients/${id}`, { method: 'DELETE' })
      }
    },
    stop: () => stopping(program),
  }
}
