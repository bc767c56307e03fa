import { connect, type Socket } from 'node:net'
import {
  associate,
  bytes,
  command,
  commandSet,
  data,
  element,
  fragment,
  implementationClass,
  item,
  maximumLength,
  pdv,
  releaseRq,
  u16,
  u16le,
  uid,
  uids,
} from '../peers/parrot/bytes.ts'

/*
 * A receiver that is no bound: it looks at the headers of what comes, drops the rest where it lies,
 * and answers a C-STORE at once. It copies nothing, parses no dataset and allocates no buffer, so
 * that what is measured with it is the sender. No code of the appliance has a hand in it.
 */

const studyRootGet = '1.2.840.10008.5.1.4.1.2.2.3'
const longestPdu = 131_072
const pending = 0xff00
const fields = { store: 0x0001, storeAnswer: 0x8001, getAnswer: 0x8010 }

interface Heard {
  /** The transport's control PDUs, by type. */
  control(type: number, socket: Socket): void
  /** The last fragment of a command or a dataset has come, with the command it belongs to. */
  message(command: Map<number, Buffer>, contextId: number, socket: Socket): void
}

/** Finds PDUs and presentation data values in what a socket reads, and keeps command sets only. */
function listener(heard: Heard, socketOf: () => Socket): (chunk: Buffer, length: number) => void {
  const header = Buffer.alloc(6)
  let held = 0
  let inPdu = 0
  let inValue = 0
  let contextId = 0
  let control = 0
  let commandBytes: Buffer[] = []
  let latest = new Map<number, Buffer>()
  return (chunk, length) => {
    for (let at = 0; at < length; ) {
      if (inValue > 0) {
        const here = Math.min(inValue, length - at)
        if (control & fragment.command)
          commandBytes.push(Buffer.from(chunk.subarray(at, at + here)))
        at += here
        inValue -= here
        if (inValue === 0 && control & fragment.lastDataset) {
          if (control & fragment.command) {
            latest = commandOf(Buffer.concat(commandBytes))
            commandBytes = []
          }
          const whole =
            !(control & fragment.command) || latest.get(0x0800)?.readUInt16LE() === 0x0101
          if (whole) heard.message(latest, contextId, socketOf())
        }
        continue
      }
      header[held++] = chunk[at++]!
      if (held < header.length) continue
      held = 0
      if (inPdu > 0) {
        const valueLength = header.readUInt32BE()
        inPdu -= 4 + valueLength
        inValue = valueLength - 2
        contextId = header[4]!
        control = header[5]!
      } else if (header[0] === 0x04) inPdu = header.readUInt32BE(2)
      else {
        // Nothing of a control PDU's content is needed: it is skipped as a dataset is.
        inValue = header.readUInt32BE(2)
        control = 0
        heard.control(header[0]!, socketOf())
      }
    }
  }
}

function commandOf(set: Buffer): Map<number, Buffer> {
  const found = new Map<number, Buffer>()
  for (let at = 0; at < set.length; ) {
    const length = set.readUInt32LE(at + 4)
    found.set(set.readUInt16LE(at + 2), set.subarray(at + 8, at + 8 + length))
    at += 8 + length
  }
  return found
}

function storeAnswer(request: Map<number, Buffer>, contextId: number): Buffer {
  return data(
    pdv(
      contextId,
      fragment.lastCommand,
      commandSet(
        element(0x00000002, request.get(0x0002)!),
        element(0x00000100, u16le(fields.storeAnswer)),
        element(0x00000120, request.get(0x0110)!),
        element(0x00000800, u16le(0x0101)),
        element(0x00000900, u16le(0)),
        element(0x00001000, request.get(0x1000)!),
      ),
    ),
  )
}

const reading = (heard: Heard, socketOf: () => Socket) => {
  const hear = listener(heard, socketOf)
  const buffer = Buffer.allocUnsafeSlow(1024 * 1024)
  return {
    onread: {
      buffer,
      callback(length: number) {
        hear(buffer, length)
        return true
      },
    },
  }
}

/** Asks for a study by C-GET on one association; answers how many images came. */
export function getStudy(port: number, studyInstanceUid: string): Promise<number> {
  const role = item(0x54, bytes(u16(uids.ctImage.length), uids.ctImage, [0, 1]))
  const asking = associate({
    ...{ calling: 'SINK', called: 'ANY-SCP' },
    contexts: [
      { id: 1, abstractSyntax: studyRootGet },
      { id: 3, abstractSyntax: uids.ctImage, transferSyntaxes: [uids.explicitLittleEndian] },
    ],
    user: [maximumLength(longestPdu), implementationClass, role],
  })
  const identifier = bytes(
    element(0x00080052, 'STUDY '),
    element(0x0020000d, uid(studyInstanceUid)),
  )
  const priority = element(0x00000700, u16le(0))
  const request = {
    ...{ sopClassUid: studyRootGet, field: 0x0010, messageId: 1, dataset: true, more: [priority] },
  }
  return new Promise((resolve, reject) => {
    let count = 0
    const heard: Heard = {
      control(type) {
        if (type === 0x02) {
          socket.write(data(pdv(1, fragment.lastCommand, command(request))))
          socket.write(data(pdv(1, fragment.lastDataset, identifier)))
        } else if (type === 0x06) socket.end(() => resolve(count))
        else reject(new Error(`PDU ${type} came`))
      },
      message(told, contextId) {
        const field = told.get(0x0100)!.readUInt16LE()
        if (field === fields.store) {
          count++
          socket.write(storeAnswer(told, contextId))
        } else if (field === fields.getAnswer) {
          const status = told.get(0x0900)!.readUInt16LE()
          if (status === 0) socket.write(releaseRq)
          else if (status !== pending) reject(new Error(`C-GET ended with ${status.toString(16)}`))
        }
      },
    }
    const socket: Socket = connect({ host: '127.0.0.1', port, ...reading(heard, () => socket) })
    socket.setNoDelay(true)
    socket.once('connect', () => socket.write(asking))
    socket.once('error', reject)
  })
}
