import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import {
  createScp,
  keepImage,
  type ScpSettings,
  scpSettings,
} from '../../../appliance/doors/scp/scp.ts'
import {
  type Asking,
  type Calling,
  createAsking,
  createNodeServices,
  type NodeInput,
  type NodeServices,
  type Nodes,
  nodesSettings,
  openNodes,
} from '../../../appliance/duties/nodes/nodes.ts'
import { pause } from '../../../appliance/host/health/health.ts'
import { silentLog } from '../../../appliance/log.ts'
import type { ConnectionRecord } from '../../../appliance/standard/dimse/dimse.ts'
import type { Transcoder } from '../../../appliance/standard/pixels/pixels.ts'
import { type Holdings, type HoldingsOptions, openHoldings, origin } from '../../faults/holdings.ts'
import { inPieces } from '../../faults/images.ts'

/** An archive with its DICOM port, its nodes and all that is owed to them, in this process. */
export interface Box extends Holdings, NodeServices {
  port: number
  tlsPort: number
  nodes: Nodes
  asking: Asking
  /** Of incoming and outgoing associations that have ended, oldest first. */
  records: readonly ConnectionRecord[]
  /** Keeps a Part 10 file. */
  keep(file: string): Promise<void>
  /** Adds a box, or whatever listens there, as a known node. */
  knows(name: string, aet: string, port: number, more?: Partial<NodeInput>): Promise<void>
  stop(): Promise<void>
}

export interface BoxOptions extends HoldingsOptions {
  aet: string
  nodes?: readonly NodeInput[]
  dicom?: Partial<Record<keyof ScpSettings, unknown>>
  tls?: Calling['tls']
  time?: Time
  reported?: Parameters<typeof createNodeServices>[0]['reported']
  /** Ended with the box. */
  transcoder?: Transcoder
}

export async function startBox(options: BoxOptions): Promise<Box> {
  const { aet, time = createTime(), transcoder } = options
  const converting = transcoder ? { transcoder } : {}
  const holdings = await openHoldings({ pause, ...options })
  const { archive, store } = holdings
  const records: ConnectionRecord[] = []
  const onRecord = (record: ConnectionRecord) => void records.push(record)
  const settings = nodesSettings.parse(options.nodes ?? [])
  const nodes = openNodes({ settings, store: store.space('nodes'), log: silentLog })
  const now = () => new Date('2026-01-02T03:04:05.000Z')
  const calling: Calling = {
    ...{ aeTitle: aet, onRecord, log: silentLog },
    ...(options.tls && { tls: options.tls }),
  }
  const asking = createAsking({
    ...{ calling, archive, now: Date.now, ...converting },
    receive: request => keepImage(archive, request, { log: silentLog, now }),
  })
  const services = createNodeServices({
    ...{ nodes, archive, store, calling, now, random: randomBytes },
    ...{ elapsed: time.elapsed, pause: time.pause },
    waitAfter: failures => Math.min(300, 2 ** failures),
    ...(options.reported && { reported: options.reported }),
  })
  const scp = createScp({
    settings: scpSettings.parse({ aet, host: '127.0.0.1', port: 0, ...options.dicom }),
    ...{ archive, nodes, asking, onRecord, now, commitments: services.commitments, ...converting },
    log: options.log ?? silentLog,
  })
  const stopping = new AbortController()
  const running = Promise.all(
    [...archive.services, ...services.services, scp].map(each => each.run(stopping.signal)),
  )
  const { port = 0, tlsPort = 0 } = await scp.listening
  return {
    ...holdings,
    ...services,
    ...{ port, tlsPort, nodes, asking, records },
    async keep(file) {
      await archive.receiveFile(inPieces(readFileSync(file), 65_536), origin)
    },
    async knows(name, title, at, more = {}) {
      await nodes.put({ name, aet: title, host: '127.0.0.1', port: at, ...more })
    },
    async stop() {
      stopping.abort()
      await running
      await transcoder?.close()
      await holdings.close()
    },
  }
}

/** Time that passes when it is told to; whatever else goes on takes none. */
export interface Time {
  elapsed(): number
  pause(seconds: number, stop: AbortSignal): Promise<void>
  pass(seconds: number): void
}

export function createTime(): Time {
  let passed = 0
  const waiting = new Set<{ at: number; wake: () => void }>()
  return {
    elapsed: () => passed * 1000,
    pause: (seconds, stop) =>
      new Promise(resolve => {
        if (stop.aborted) return resolve()
        const entry = {
          at: passed + seconds,
          wake() {
            waiting.delete(entry)
            stop.removeEventListener('abort', entry.wake)
            resolve()
          },
        }
        waiting.add(entry)
        stop.addEventListener('abort', entry.wake)
      }),
    pass(seconds) {
      passed += seconds
      for (const entry of [...waiting]) if (entry.at <= passed) entry.wake()
    },
  }
}
