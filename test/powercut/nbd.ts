import type { Socket } from 'node:net'

/** What a network block device stands for; offsets and lengths in whole sectors. */
export interface Export {
  size: number
  read(at: number, length: number): Buffer
  write(at: number, bytes: Buffer, throughCache: boolean): void
  /** Resolves when all that was written before it is on the medium. */
  flush(): Promise<void>
}

/** Numbers of the NBD protocol (the project's doc/proto.md: "Values"). */
const fixedNewstyle = 1
const optionAbort = 2
const optionInfo = 6
const optionGo = 7
const replyAck = 1
const replyInfo = 3
const replyUnsupported = 0x80000001
const infoExport = 0
const infoBlockSize = 3
const hasFlags = 1
const sendsFlush = 4
const sendsFua = 8
const commandRead = 0
const commandWrite = 1
const commandDisconnect = 2
const commandFlush = 3
const forceUnitAccess = 1
const invalidArgument = 22

/**
 * Serves one client in the fixed newstyle, with read, write, flush and FUA, one request after
 * another, so that a flush covers exactly the writes that were answered before it. Resolves when the
 * client leaves in order, fails when it goes in the middle of something.
 */
export async function serveNbd(socket: Socket, device: Export): Promise<void> {
  const take = reader(socket)
  socket.write(Buffer.concat([Buffer.from('NBDMAGICIHAVEOPT', 'latin1'), u16(fixedNewstyle)]))
  await take(4)
  if (!(await negotiate(socket, take, device))) return
  for (;;) {
    const head = await take(28)
    if (head.readUInt32BE(0) !== 0x25609513) throw new Error('not an NBD request')
    const [flags, command, length] = [
      head.readUInt16BE(4),
      head.readUInt16BE(6),
      head.readUInt32BE(24),
    ]
    const at = Number(head.readBigUInt64BE(16))
    const bytes = command === commandWrite ? await take(length) : undefined
    if (socket.destroyed) throw new Error('the cable was severed')
    const answer = (error: number, data?: Buffer) => {
      socket.write(Buffer.concat([u32(0x67446698), u32(error), head.subarray(8, 16)]))
      if (data) socket.write(data)
    }
    if (command === commandRead) answer(0, device.read(at, length))
    else if (bytes) {
      device.write(at, bytes, (flags & forceUnitAccess) !== 0)
      answer(0)
    } else if (command === commandFlush) {
      await device.flush()
      answer(0)
    } else if (command === commandDisconnect) return
    else answer(invalidArgument)
  }
}

/** True when the client goes on to the transmission phase. */
async function negotiate(socket: Socket, take: Take, device: Export): Promise<boolean> {
  for (;;) {
    const head = await take(16)
    if (head.toString('latin1', 0, 8) !== 'IHAVEOPT') throw new Error('not an NBD option')
    const option = head.readUInt32BE(8)
    await take(head.readUInt32BE(12))
    const answer = (type: number, data: Buffer = Buffer.alloc(0)) =>
      socket.write(
        Buffer.concat([
          Buffer.from('0003e889045565a9', 'hex'),
          ...[u32(option), u32(type), u32(data.length), data],
        ]),
      )
    if (option === optionAbort) {
      answer(replyAck)
      return false
    }
    if (option !== optionInfo && option !== optionGo) {
      answer(replyUnsupported)
      continue
    }
    const size = Buffer.alloc(8)
    size.writeBigUInt64BE(BigInt(device.size))
    answer(replyInfo, Buffer.concat([u16(infoExport), size, u16(hasFlags | sendsFlush | sendsFua)]))
    answer(replyInfo, Buffer.concat([u16(infoBlockSize), u32(512), u32(4096), u32(1 << 25)]))
    answer(replyAck)
    if (option === optionGo) return true
  }
}

type Take = (length: number) => Promise<Buffer>

/** Gives exactly as many bytes as asked for, one caller at a time. */
function reader(socket: Socket): Take {
  const chunks = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  let held: Buffer[] = []
  let size = 0
  return async length => {
    while (size < length) {
      const { value, done } = await chunks.next()
      if (done) throw new Error('the client left')
      held.push(value)
      size += value.length
    }
    const all = held.length === 1 ? held[0]! : Buffer.concat(held)
    held = all.length > length ? [all.subarray(length)] : []
    size -= length
    return all.subarray(0, length)
  }
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value)
  return bytes
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
