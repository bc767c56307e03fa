import { spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { freePort } from '../peers/programs.ts'

/** What every boot of the machine has in common. */
export interface Machine {
  kernelImage: string
  initramfs: string
  appDisk: string
}

/** The data disk: a plain file, or the unix socket of a `Drive`. */
export type DataDisk = { file: string } | { socket: string }

/** A running virtual machine with the service in it. */
export interface Guest {
  url: string
  dicomPort: number
  /** Resolves when `/readyz` says that the service may receive; fails when the machine ended. */
  ready(): Promise<void>
  /** SIGKILL to the machine, at this instant; resolves when the process is gone. */
  cut(): Promise<void>
  /** Ends the service in order, unmounts and switches off. Fails when it takes too long. */
  switchOff(): Promise<void>
  /** All that the service printed so far. */
  serviceLog(): Promise<string>
  console(): string
  ended: Promise<void>
}

const bootSeconds = 240

export async function startGuest(
  machine: Machine,
  data: DataDisk,
  options: { consoleFile: string; eagerWriteback: boolean },
): Promise<Guest> {
  const [httpPort, dicomPort] = [await freePort(), await freePort()]
  const forward = (from: number, to: number) => `hostfwd=tcp:127.0.0.1:${from}-10.0.2.15:${to}`
  const dataFile =
    'file' in data
      ? `driver=raw,file.driver=file,file.filename=${data.file}`
      : `driver=nbd,server.type=unix,server.path=${data.socket}`
  const eager = options.eagerWriteback ? ' eager' : ''
  // Both processors in one thread, by turns: with a thread for each, QEMU 7.2 now and then runs code
  // that V8 has meanwhile rewritten, and the service dies of it (README.md, "The machine").
  const child = spawn(
    'qemu-system-x86_64',
    [
      ...['-no-user-config', '-nodefaults', '-display', 'none', '-no-reboot', '-machine', 'pc'],
      ...['-accel', 'tcg,thread=single', '-cpu', 'max', '-smp', '2', '-m', '1024'],
      ...['-kernel', machine.kernelImage, '-initrd', machine.initramfs],
      // On a busy host the emulated timer may miss the kernel's check of it, which is then a panic.
      ...['-append', `console=ttyS0 quiet panic=-1 mitigations=off no_timer_check${eager}`],
      ...['-chardev', 'stdio,id=console', '-serial', 'chardev:console'],
      ...[
        '-blockdev',
        `driver=raw,node-name=app,read-only=on,file.driver=file,file.filename=${machine.appDisk}`,
      ],
      ...['-device', 'virtio-blk-pci,drive=app'],
      ...['-blockdev', `node-name=data,${dataFile}`, '-device', 'virtio-blk-pci,drive=data'],
      ...[
        '-netdev',
        `user,id=net,restrict=on,${forward(httpPort, 8042)},${forward(dicomPort, 11112)}`,
      ],
      ...['-device', 'virtio-net-pci,netdev=net,romfile='],
    ],
    { stdio: ['pipe', 'pipe', 'pipe'] },
  )
  let text = ''
  const file = createWriteStream(options.consoleFile, { flags: 'a' })
  const hear = (bytes: Buffer) => {
    text += bytes
    file.write(bytes)
  }
  child.stdout.on('data', hear)
  child.stderr.on('data', hear)
  child.stdin.on('error', () => {})
  let over = false
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', () => resolve())
  }).finally(() => {
    over = true
    file.end()
    process.off('exit', killNow)
  })
  ended.catch(() => {})
  // Whatever ends the test, the machine ends with it.
  const killNow = () => child.kill('SIGKILL')
  process.on('exit', killNow)
  const url = `http://127.0.0.1:${httpPort}`

  async function until(seen: () => boolean | Promise<boolean>, what: string, seconds: number) {
    const deadline = performance.now() + seconds * 1000
    while (!(await seen())) {
      if (over) throw new Error(`the guest ended before ${what}:\n${text.slice(-4000)}`)
      if (performance.now() > deadline) {
        throw new Error(`no ${what} within ${seconds} s:\n${text.slice(-4000)}`)
      }
      await wait(100)
    }
  }

  return {
    url,
    dicomPort,
    ended,
    console: () => text,
    async ready() {
      let said = ''
      const answers = async () => {
        const stop = AbortSignal.timeout(5000)
        const answer = await fetch(`${url}/readyz`, { signal: stop }).catch(() => undefined)
        said = (await answer?.text().catch(() => undefined)) ?? said
        return answer?.ok === true
      }
      await until(answers, 'readiness of the service', bootSeconds).catch(error => {
        throw new Error(`${error.message}\n/readyz says: ${said || 'nothing'}`)
      })
    },
    async cut() {
      killNow()
      await ended
    },
    async switchOff() {
      child.stdin.write('stop\n')
      const late = setTimeout(killNow, 120_000)
      await ended
      clearTimeout(late)
      if (!text.includes('guest: the data disk is unmounted')) {
        throw new Error(`the guest did not switch off in order:\n${text.slice(-4000)}`)
      }
    },
    async serviceLog() {
      const from = text.length
      child.stdin.write('log\n')
      await until(() => text.includes('guest: end of log', from), 'log of the service', 60)
      return text.slice(from)
    },
  }
}
