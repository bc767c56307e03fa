import { silentLog } from '../../log.ts'
import { type AcceptorOptions, type ConnectionRecord, createAcceptor } from './dimse.ts'
import { type ConnectOptions, connect, type OutgoingAssociation } from './requestor.ts'
import type { Clock } from './timers.ts'

export const ct = '1.2.840.10008.5.1.4.1.1.2'
export const explicit = '1.2.840.10008.1.2.1'
export const implicit = '1.2.840.10008.1.2'
export const verification = '1.2.840.10008.1.1'
export const find = '1.2.840.10008.5.1.4.1.2.2.1'

/** An acceptor on a free port of the loopback, for tests; its records can be waited for. */
export async function listening(options: Partial<AcceptorOptions>) {
  const records: ConnectionRecord[] = []
  const waiting: ((record: ConnectionRecord) => void)[] = []
  const stopping = new AbortController()
  const acceptor = createAcceptor({
    host: '127.0.0.1',
    port: 0,
    aeTitles: ['WAYSTATION'],
    offers: () => ({ transferSyntaxes: 'any' }),
    services: {},
    log: silentLog,
    onRecord(record) {
      const next = waiting.shift()
      if (next) next(record)
      else records.push(record)
    },
    ...options,
  })
  const running = acceptor.run(stopping.signal)
  // Who waits for the ports is told of a failure there.
  running.catch(() => {})
  const { port = 0, tlsPort = 0 } = await acceptor.listening
  return {
    acceptor,
    port,
    tlsPort,
    running,
    /** The record of the next association that ends. */
    record(): Promise<ConnectionRecord> {
      const known = records.shift()
      return known ? Promise.resolve(known) : new Promise(resolve => waiting.push(resolve))
    },
    stop() {
      stopping.abort()
      return running
    },
  }
}

export function calling(
  port: number,
  options: Partial<ConnectOptions> = {},
): Promise<OutgoingAssociation> {
  return connect({
    host: '127.0.0.1',
    port,
    callingAeTitle: 'CT01',
    calledAeTitle: 'WAYSTATION',
    contexts: [
      { abstractSyntax: verification, transferSyntaxes: [implicit] },
      { abstractSyntax: ct, transferSyntaxes: [explicit] },
      { abstractSyntax: find, transferSyntaxes: [implicit] },
    ],
    log: silentLog,
    ...options,
  })
}

/** An instance of so many bytes, in chunks of at most 64 KB. */
export function image(bytes: number, sopInstanceUid = '1.2.3.4') {
  async function* data() {
    for (let left = bytes; left > 0; left -= 65_536) yield Buffer.alloc(Math.min(left, 65_536), 7)
  }
  return { sopClassUid: ct, sopInstanceUid, transferSyntaxUid: explicit, data: data() }
}

/** Resolves when what is measured has stood still over many turns of the event loop. */
export async function standingStill(measure: () => number): Promise<void> {
  let before = Number.NaN
  while (before !== measure()) {
    before = measure()
    for (let turn = 0; turn < 200; turn++) await new Promise(resolve => setImmediate(resolve))
  }
}

/** Time that passes only when a test says so. */
export function handClock() {
  let now = 0
  let set = 0
  const due = new Map<object, { at: number; call: () => void }>()
  const clock: Clock = {
    now: () => now,
    after(ms, call) {
      set++
      const key = {}
      due.set(key, { at: now + ms, call })
      return () => due.delete(key)
    },
  }
  return {
    clock,
    timersSet: () => set,
    pass(seconds: number) {
      const end = now + seconds * 1000
      for (;;) {
        const next = [...due]
          .filter(([, each]) => each.at <= end)
          .sort((a, b) => a[1].at - b[1].at)[0]
        if (!next) break
        due.delete(next[0])
        now = next[1].at
        next[1].call()
      }
      now = end
    },
  }
}
