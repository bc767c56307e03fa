import { clientHello } from './beforeAssociation.ts'
import { associate, bytes, u16 } from './bytes.ts'
import {
  closes,
  hears,
  hearsEnd,
  passes,
  passesUntilRecorded,
  resets,
  type Script,
  stopsReading,
  trickles,
} from './script.ts'

const onTlsPort = true as const
const source = 'issue "The wire", TLS: told by the first bytes; the timer artim'

/** What is said on the TLS port that is not, or not quite, TLS. */
export const tlsPortScripts: readonly Script[] = [
  {
    title: 'plain DICOM on the TLS port is answered in plain, and told what to change',
    source,
    onTlsPort,
    steps: [associate(), hears({ pdu: 'A-ABORT' }), closes],
    record: { outcome: 'protocol-broken', sentence: /plain DICOM on the TLS port/ },
  },
  {
    title: 'HTTP on the TLS port is told from TLS',
    source,
    onTlsPort,
    steps: [bytes('GET / HTTP/1.1\r\n\r\n'), hears({ pdu: 'A-ABORT' }), closes],
    record: { outcome: 'not-dicom', sentence: /HTTP/ },
  },
  {
    title: 'silence on the TLS port is ended after the ARTIM time',
    source,
    onTlsPort,
    steps: [passes(29), passes(2), hearsEnd],
    record: { outcome: 'timed-out' },
  },
  {
    title: 'a TLS handshake that comes byte by byte has no more time than any other',
    source,
    onTlsPort,
    steps: [stopsReading, trickles(clientHello.subarray(0, 40), 1), passesUntilRecorded],
    record: { outcome: 'protocol-broken', sentence: /handshake/ },
  },
  {
    title: 'a TLS hello that stops in the middle is given up after the ARTIM time',
    source,
    onTlsPort,
    steps: [clientHello.subarray(0, 20), passesUntilRecorded, hearsEnd],
    record: { outcome: 'protocol-broken', sentence: /handshake/ },
  },
  {
    title: 'a peer that resets in the middle of a TLS hello leaves nothing',
    source,
    onTlsPort,
    steps: [clientHello.subarray(0, 20), passes(1), resets],
    record: { outcome: 'protocol-broken', sentence: /handshake/ },
  },
  {
    title: 'a TLS record longer than TLS has is refused',
    source,
    onTlsPort,
    steps: [stopsReading, bytes([0x16, 3, 1], u16(0xffff), Buffer.alloc(0xffff, 1))],
    record: { outcome: 'protocol-broken', sentence: /handshake/ },
  },
]
