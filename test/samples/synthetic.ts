import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Made-up images in Explicit VR Little Endian, written here element by element, so that no code of
 * the appliance has a hand in what it is tested with.
 */
export interface Synthetic {
  file: string
  sopInstanceUid: string
  studyInstanceUid: string
  bytes: number
  /** Where its dataset begins. */
  datasetOffset: number
}

const explicitLittleEndian = '1.2.840.10008.1.2.1'
const secondaryCaptureMultiFrame = '1.2.840.10008.5.1.4.1.1.7.3'
const ctImage = '1.2.840.10008.5.1.4.1.1.2'

/** One element with a 16-bit length; text is padded to even length as its VR asks. */
function short(group: number, element: number, vr: string, value: string | number): Buffer {
  const bytes =
    typeof value === 'number'
      ? Buffer.from([value & 255, value >> 8])
      : Buffer.from(value.length % 2 === 0 ? value : value + (vr === 'UI' ? '\0' : ' '), 'latin1')
  const head = Buffer.alloc(8)
  head.writeUInt16LE(group, 0)
  head.writeUInt16LE(element, 2)
  head.write(vr, 4, 'latin1')
  head.writeUInt16LE(bytes.length, 6)
  return Buffer.concat([head, bytes])
}

/** The head of an element with a 32-bit length. */
function long(group: number, element: number, vr: string, length: number): Buffer {
  const head = Buffer.alloc(12)
  head.writeUInt16LE(group, 0)
  head.writeUInt16LE(element, 2)
  head.write(vr, 4, 'latin1')
  head.writeUInt32LE(length, 8)
  return head
}

function fileMeta(sopClassUid: string, sopInstanceUid: string): Buffer {
  const fields = Buffer.concat([
    long(2, 1, 'OB', 2),
    Buffer.from([0, 1]),
    short(2, 2, 'UI', sopClassUid),
    short(2, 3, 'UI', sopInstanceUid),
    short(2, 0x10, 'UI', explicitLittleEndian),
    short(2, 0x12, 'UI', '1.2.826.0.1.3680043.10.1.1'),
  ])
  const length = Buffer.alloc(4)
  length.writeUInt32LE(fields.length)
  const groupLength = Buffer.concat([
    long(2, 0, 'UL', 0).subarray(0, 6),
    Buffer.from([4, 0]),
    length,
  ])
  return Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), groupLength, fields])
}

export interface Shape {
  uidRoot: string
  study: number
  series?: number
  instance: number
  patientId?: string
  patientName?: string
  studyDate?: string
}

function header(shape: Shape, sopClassUid: string, rows: number, frames: number): Buffer {
  const { uidRoot, study, series = 1, instance } = shape
  const studyUid = `${uidRoot}.${study}`
  return Buffer.concat([
    short(8, 0x16, 'UI', sopClassUid),
    short(8, 0x18, 'UI', `${studyUid}.${series}.${instance}`),
    short(8, 0x20, 'DA', shape.studyDate ?? '20260101'),
    short(8, 0x30, 'TM', '101500'),
    short(8, 0x50, 'SH', `A${study}`),
    short(8, 0x60, 'CS', 'CT'),
    short(8, 0x1030, 'LO', `Synthetic study ${study}`),
    short(0x10, 0x10, 'PN', shape.patientName ?? `Synthetic^Patient${study}`),
    short(0x10, 0x20, 'LO', shape.patientId ?? `P${study}`),
    short(0x20, 0x0d, 'UI', studyUid),
    short(0x20, 0x0e, 'UI', `${studyUid}.${series}`),
    short(0x20, 0x11, 'IS', String(series)),
    short(0x20, 0x13, 'IS', String(instance)),
    short(0x28, 2, 'US', 1),
    short(0x28, 4, 'CS', 'MONOCHROME2'),
    ...(frames > 1 ? [short(0x28, 8, 'IS', String(frames))] : []),
    short(0x28, 0x10, 'US', rows),
    short(0x28, 0x11, 'US', rows),
    short(0x28, 0x100, 'US', 16),
    short(0x28, 0x101, 'US', 12),
    short(0x28, 0x102, 'US', 11),
    short(0x28, 0x103, 'US', 0),
  ])
}

/** A square CT image of `rows`² pixels of two bytes: 512 rows are 525 KB, 36 rows 3 KB. */
export function writeCt(folder: string, shape: Shape, rows: number): Synthetic {
  const sopInstanceUid = `${shape.uidRoot}.${shape.study}.${shape.series ?? 1}.${shape.instance}`
  const pixels = Buffer.alloc(rows * rows * 2)
  for (let at = 0; at < pixels.length; at += 2) pixels[at] = (at * 31 + shape.instance) & 255
  const file = join(folder, `${sopInstanceUid}.dcm`)
  const meta = fileMeta(ctImage, sopInstanceUid)
  const bytes = Buffer.concat([
    meta,
    header(shape, ctImage, rows, 1),
    long(0x7fe0, 0x10, 'OW', pixels.length),
    pixels,
  ])
  const descriptor = openSync(file, 'w')
  writeSync(descriptor, bytes)
  closeSync(descriptor)
  return {
    file,
    sopInstanceUid,
    studyInstanceUid: `${shape.uidRoot}.${shape.study}`,
    bytes: bytes.length,
    datasetOffset: meta.length,
  }
}

/** A multi-frame object of about `megabytes`, written frame by frame. */
export function writeMultiFrame(folder: string, shape: Shape, megabytes: number): Synthetic {
  const sopInstanceUid = `${shape.uidRoot}.${shape.study}.${shape.series ?? 1}.${shape.instance}`
  const frame = Buffer.alloc(1 << 20, 7)
  const rows = 724 // 724² pixels of two bytes are just under 1 MB
  const frames = Math.floor((megabytes << 20) / (rows * rows * 2))
  const length = frames * rows * rows * 2
  const file = join(folder, `${sopInstanceUid}.dcm`)
  const descriptor = openSync(file, 'w')
  let bytes = 0
  const put = (part: Buffer) => (bytes += writeSync(descriptor, part))
  const datasetOffset = put(fileMeta(secondaryCaptureMultiFrame, sopInstanceUid))
  put(header(shape, secondaryCaptureMultiFrame, rows, frames))
  put(long(0x7fe0, 0x10, 'OW', length))
  for (let left = length; left > 0; left -= frame.length) {
    frame.writeUInt32LE(left, 0)
    put(frame.subarray(0, Math.min(left, frame.length)))
  }
  closeSync(descriptor)
  return {
    file,
    sopInstanceUid,
    studyInstanceUid: `${shape.uidRoot}.${shape.study}`,
    bytes,
    datasetOffset,
  }
}
