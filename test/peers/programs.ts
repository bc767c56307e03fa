import { type ChildProcess, spawn } from 'node:child_process'
import { connect, createServer } from 'node:net'
import { after } from 'node:test'

/** A peer that is a program of its own: what it printed, and how it ended. */
export interface Program {
  child: ChildProcess
  output(): string
  /** Resolves with the exit code, or the signal's name. */
  ended: Promise<number | NodeJS.Signals>
}

/** DCMTK waits for Nagle's algorithm on both ends unless told otherwise: 47 ms for each C-STORE. */
const quick = { TCP_NODELAY: '1' }

const running = new Set<ChildProcess>()
// A test that fails does not reach the lines that end its peers, and they would keep it from ending.
if (process.env.NODE_TEST_CONTEXT) {
  after(() => {
    for (const child of running) child.kill('SIGKILL')
  })
}

export function start(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Program {
  const child = spawn(command, args, {
    env: { ...process.env, ...quick, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.add(child)
  child.once('close', () => running.delete(child))
  let text = ''
  child.stdout.on('data', data => (text += data))
  child.stderr.on('data', data => (text += data))
  const ended = new Promise<number | NodeJS.Signals>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(code ?? signal ?? 1))
  })
  return { child, output: () => text, ended }
}

/** Runs to the end; the output of a failure is in the error. */
export async function run(
  command: string,
  args: readonly string[],
  env?: NodeJS.ProcessEnv,
): Promise<string> {
  const program = start(command, args, env)
  const end = await program.ended
  if (end !== 0) throw new Error(`${command} ended with ${end}:\n${program.output().slice(-4000)}`)
  return program.output()
}

export async function end(program: Program): Promise<void> {
  program.child.kill('SIGTERM')
  await program.ended
}

/** A port nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise(resolve => server.close(resolve))
  return port
}

/** Resolves once a program of ours accepts connections; fails when it ended instead. */
export async function accepting(port: number, program: Program): Promise<void> {
  let over: string | undefined
  program.ended.then(
    code => (over = `ended with ${code}: ${program.output()}`),
    error => (over = String(error)),
  )
  for (;;) {
    if (over) throw new Error(over)
    const open = await new Promise<boolean>(resolve => {
      const socket = connect(port, '127.0.0.1')
      socket.once('connect', () => resolve(true))
      socket.once('error', () => resolve(false))
      socket.once('connect', () => socket.destroy())
    })
    if (open) return
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

/** Looks again every few milliseconds until `look` gives something; for what only a peer can tell. */
export async function eventually<T>(
  look: () => T | Promise<T>,
  what: string,
  seconds = 60,
): Promise<NonNullable<T>> {
  const deadline = performance.now() + seconds * 1000
  for (;;) {
    const seen = await look()
    if (seen) return seen
    if (performance.now() > deadline) throw new Error(`not within ${seconds} s: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 25))
  }
}
