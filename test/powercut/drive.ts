import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { type Export, serveNbd } from './nbd.ts'

/**
 * A drive with a volatile write cache, in front of an image file: what was written since the last
 * flush may or may not be on the medium, in any order and in torn pieces, and a power cut decides.
 * The file always shows what a reader of the powered drive would see; beside it the drive remembers,
 * sector by sector, what the medium holds for certain.
 */
export interface Drive extends Export {
  /** The power goes: of every sector written since the last flush, the new or the old content stays. */
  cut(random: () => number): CutReport
  /** Resolves when the machine has written so many times from now. */
  written(times: number): Promise<void>
  close(): void
}

export interface CutReport {
  /** Sectors that were written and not yet flushed, and how many of them went back. */
  unflushed: number
  lost: number
  /** Bytes that live or die together. */
  grain: number
}

const sector = 512
/** A cache of 32 MB: what comes beyond it pushes the oldest onto the medium. */
const mostSectors = 65_536
/** Bytes that one cut keeps or loses together: a sector, a page, half a megabyte. */
const grains = [sector, 4096, 64 * 1024, 512 * 1024] as const

/**
 * `flushMilliseconds` says how long the next flush takes. Until it is over the cut may still take
 * what it covers, so that a service that answers before its flush is over is soon found out.
 */
export function openDrive(file: string, flushMilliseconds: () => number): Drive {
  const descriptor = openSync(file, 'r+')
  const size = fstatSync(descriptor).size
  /** What the medium holds where the file already shows something newer; the oldest first. */
  const medium = new Map<number, Buffer>()
  let cuts = 0
  let writes = 0
  let awaited: { writes: number; come(): void } | undefined

  function remember(at: number, length: number): void {
    const before = Buffer.alloc(length)
    readSync(descriptor, before, 0, length, at)
    for (let done = 0; done < length; done += sector) {
      const number = (at + done) / sector
      if (!medium.has(number)) medium.set(number, before.subarray(done, done + sector))
    }
    for (const number of medium.keys()) {
      if (medium.size <= mostSectors) break
      medium.delete(number)
    }
  }

  return {
    size,
    read(at, length) {
      const bytes = Buffer.allocUnsafe(length)
      readSync(descriptor, bytes, 0, length, at)
      return bytes
    },
    write(at, bytes, throughCache) {
      if (throughCache) {
        for (let done = 0; done < bytes.length; done += sector) medium.delete((at + done) / sector)
      } else remember(at, bytes.length)
      writeSync(descriptor, bytes, 0, bytes.length, at)
      if (awaited && ++writes >= awaited.writes) awaited.come()
    },
    async flush() {
      const power = cuts
      await wait(flushMilliseconds())
      if (power === cuts) medium.clear()
    },
    cut(random) {
      cuts++
      const grain = grains[Math.floor(random() * grains.length)]!
      // Some cuts lose everything, most lose a part: reordering shows only when something stays.
      const share = random() < 0.25 ? 1 : random()
      const fates = new Map<number, boolean>()
      let lost = 0
      for (const [number, bytes] of medium) {
        const place = Math.floor((number * sector) / grain)
        if (!fates.has(place)) fates.set(place, random() < share)
        if (!fates.get(place)) continue
        writeSync(descriptor, bytes, 0, sector, number * sector)
        lost++
      }
      const unflushed = medium.size
      medium.clear()
      return { unflushed, lost, grain }
    },
    written: times =>
      new Promise(come => {
        writes = 0
        awaited = { writes: times, come }
      }),
    close: () => closeSync(descriptor),
  }
}

/** A drive behind a unix socket, as a virtual machine attaches to it. */
export interface Cable {
  socket: string
  /** What the machine sent and the drive did not take yet is gone, as it is without power. */
  sever(): void
  stop(): Promise<void>
}

export async function attach(drive: Drive, socketFile: string): Promise<Cable> {
  const open = new Set<Socket>()
  const server = createServer(socket => {
    open.add(socket)
    // A machine that is killed leaves its socket in the middle of a request: that is the point.
    serveNbd(socket, drive)
      .catch(() => {})
      .finally(() => {
        socket.destroy()
        open.delete(socket)
      })
  })
  await new Promise<void>(resolve => server.listen(socketFile, resolve))
  const sever = () => {
    for (const socket of open) socket.destroy()
  }
  return {
    socket: socketFile,
    sever,
    async stop() {
      sever()
      await new Promise(resolve => server.close(resolve))
      drive.close()
    },
  }
}
