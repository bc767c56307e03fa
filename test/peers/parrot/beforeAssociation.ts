import { abort, associate, bytes, data, echo, pdu, releaseRp, releaseRq, u16 } from './bytes.ts'
import {
  aborted,
  beforeAssociation,
  broken,
  closes,
  halfCloses,
  hearsEnd,
  passes,
  resets,
  type Script,
  trickles,
} from './script.ts'

const sta2 = 'PS3.8 table 9-10, Sta2'

/**
 * The beginning of a TLS 1.2 session: record of handshake (16H), version 3.1, 58 bytes; ClientHello
 * (01H) of 54 bytes, version 3.3, 32 random bytes, no session, one cipher suite, no compression,
 * 11 bytes of extensions that are none.
 */
export const clientHello = bytes(
  [0x16, 3, 1],
  u16(58),
  [1, 0, 0, 54, 3, 3],
  Buffer.alloc(32, 0xa5),
  [0, 0, 2, 0x13, 0x01, 1, 0],
  u16(11),
  Buffer.alloc(11),
)

/** A PDU that may not come before an A-ASSOCIATE-RQ: AA-1. */
const early = (what: string, step: Uint8Array, sentence?: RegExp): Script => ({
  title: `${what} before an association is answered by A-ABORT`,
  source: `${sta2}: AA-1`,
  steps: [step, aborted(beforeAssociation)],
  record: broken(beforeAssociation, sentence),
})

/** No PDU type at all: AA-1 too, but taken for something else than DICOM. */
const foreign = (type: number): Script => ({
  title: `a PDU of type ${type.toString(16).padStart(2, '0').toUpperCase()}H before an association is answered by A-ABORT`,
  source: `${sta2}, unrecognized PDU: AA-1`,
  steps: [pdu(type, [0, 0, 0, 0]), aborted(beforeAssociation)],
  record: { outcome: 'not-dicom', abort: { by: 'us', ...beforeAssociation } },
})

const notDicom = (what: string, step: Uint8Array, sentence: RegExp): Script => ({
  title: `${what} on the DICOM port is told from DICOM by its first bytes`,
  source: `${sta2}, unrecognized PDU: AA-1; issue "The wire", TLS`,
  steps: [step, aborted(beforeAssociation)],
  record: { outcome: 'not-dicom', sentence },
})

/** Everything that can be wrong before an A-ASSOCIATE-RQ is whole: Sta2 of PS3.8 §9.2. */
export const beforeAssociationScripts: readonly Script[] = [
  notDicom('HTTP', bytes('GET / HTTP/1.1\r\nHost: waystation.local\r\n\r\n'), /HTTP/),
  notDicom('a TLS hello', clientHello, /TLS/),
  notDicom('SSH', bytes('SSH-2.0-OpenSSH_9.2p1\r\n'), /not speak DICOM/),
  notDicom('an HL7 message', bytes('\x0bMSH|^~\\&|RIS|CLINIC|PACS|CLINIC|'), /not speak DICOM/),
  {
    title: 'a port scan that connects and leaves costs nothing',
    source: `${sta2}, transport closed: AA-5`,
    steps: [closes],
    record: { outcome: 'not-dicom', sentence: /port scan/ },
  },
  {
    title: 'a port scan that connects and resets costs nothing',
    source: `${sta2}, transport closed: AA-5`,
    steps: [passes(1), resets],
    record: { outcome: 'not-dicom', sentence: /port scan/ },
  },
  {
    title: 'a caller that never says anything is closed after the ARTIM time, without a word',
    source: `${sta2}, ARTIM expired: AA-2`,
    steps: [passes(29), passes(2), hearsEnd],
    record: { outcome: 'timed-out', sentence: /artim/ },
  },
  {
    title: 'a caller that sends its request byte by byte has no more time than any other',
    source: `${sta2}, ARTIM expired: AA-2`,
    steps: [trickles(associate().subarray(0, 31), 1), hearsEnd],
    record: { outcome: 'timed-out', sentence: /artim/ },
  },
  {
    title: 'a caller that stops in the middle of its request is closed after the ARTIM time',
    source: `${sta2}, ARTIM expired: AA-2`,
    steps: [associate().subarray(0, 100), passes(31), hearsEnd],
    record: { outcome: 'timed-out' },
  },
  {
    title: 'a caller that closes in the middle of its request leaves nothing',
    source: `${sta2}, transport closed: AA-5`,
    steps: [associate().subarray(0, 100), halfCloses, hearsEnd],
    record: { outcome: 'disconnected' },
  },
  {
    title: 'an A-ABORT before an association closes the connection without an answer',
    source: `${sta2}: AA-2`,
    steps: [abort, hearsEnd],
    record: { outcome: 'aborted', abort: { by: 'peer', source: 0, reason: 0 } },
  },
  early('P-DATA-TF', echo()),
  early('A-RELEASE-RQ', releaseRq),
  early('A-RELEASE-RP', releaseRp),
  early('A-ASSOCIATE-RJ', pdu(0x03, [0, 1, 1, 7])),
  early('A-ASSOCIATE-AC', bytes([0x02], associate().subarray(1))),
  foreign(0x00),
  foreign(0x08),
  foreign(0xff),
  early('a P-DATA-TF of 4 GB, as far as its head,', data(Buffer.alloc(0)).fill(0xff, 2, 6)),
  early('an A-RELEASE-RQ of 4 GB, as far as its head,', pdu(0x05, [], 0xffffffff)),
  early('an A-ABORT of 4 GB, as far as its head,', pdu(0x07, [], 0xffffffff)),
]
