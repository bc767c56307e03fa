import { z } from 'zod'

const seconds = (fallback: number, help: string) =>
  z.number().positive().max(86_400).default(fallback).describe(help)

const count = (fallback: number, help: string) =>
  z.number().int().positive().default(fallback).describe(help)

/** How long to wait for what. Every wait of an association has an end. */
export const timersSettings = z.strictObject({
  artim: seconds(
    30,
    'Seconds for a caller to send its association request, for an answer to ours, and for a connection to close after its last PDU (ARTIM, PS3.8 §9.1.4).',
  ),
  idle: seconds(
    600,
    'Seconds of silence after which an association is aborted: between requests, and in the middle of one.',
  ),
  response: seconds(
    300,
    'Seconds to wait for the answer to a DIMSE request, and for each further one.',
  ),
  connect: seconds(15, 'Seconds for TCP and TLS to connect to a remote node.'),
  writeStall: seconds(
    60,
    'Seconds without any of up to 256 KB being taken by the other end, after which it is given up.',
  ),
  stop: seconds(10, 'Seconds given to work in flight when the service stops.'),
})

/** How much of what. Nothing a peer sends makes memory grow past these. */
export const limitsSettings = z.strictObject({
  associations: count(400, 'Incoming associations at once.'),
  associationsPerAddress: count(300, 'Incoming associations at once from one address.'),
  connectionsWithoutAssociation: count(
    256,
    'Connections that have not yet asked for an association; past it the oldest is closed.',
  ),
  pduLength: z
    .number()
    .int()
    .min(4096)
    .max(16_777_216)
    .default(131_072)
    .describe(
      'The longest P-DATA-TF this node takes, in bytes (PS3.8 D.1); a longer one ends the association.',
    ),
  associatePduBytes: count(262_144, 'The longest association request or answer, in bytes.'),
  commandBytes: count(65_536, 'The longest command set, in bytes.'),
  identifierBytes: count(
    8_388_608,
    'The longest dataset of a request or reply that is not a C-STORE, in bytes.',
  ),
  bufferedBytes: count(
    1_048_576,
    'Bytes received but not yet taken by the disk, per association, at which the sender is made to wait.',
  ),
  bufferedBytesInAll: count(
    67_108_864,
    'The same over all associations together; past it each may hold one read of the socket only.',
  ),
  slowestSender: count(
    100,
    'Bytes per second that must come of a message under way, on average over the time of the timer "idle"; a sender that dribbles more slowly is given up.',
  ),
  pipelinedRequests: count(
    8,
    'Requests kept waiting of a peer that does not wait for answers (it was told to: window 1).',
  ),
})

const file = (help: string) => z.string().min(1).optional().describe(help)

/** DICOM over TLS by the BCP 195 profile of PS3.15 B.12: TLS 1.2 and 1.3, its cipher suites only. */
export const tlsSettings = z.strictObject({
  certificateFile: z.string().min(1).describe('PEM: this node’s certificate, then its chain.'),
  keyFile: z.string().min(1).describe('PEM: the private key of the certificate.'),
  authoritiesFile: file(
    'PEM: the authorities that may sign the other end’s certificate; without it the system’s.',
  ),
  revocationsFile: file(
    'PEM: certificate revocation lists, one of each of those authorities, one after the other.',
  ),
  clientCertificate: z
    .enum(['none', 'asked', 'required'])
    .default('none')
    .describe(
      'Whether callers must show a certificate: none; asked (a wrong one is refused, a missing one not); required.',
    ),
})

export type Timers = z.infer<typeof timersSettings>
export type Limits = z.infer<typeof limitsSettings>
export type TlsSettings = z.infer<typeof tlsSettings>

export const defaultTimers: Timers = timersSettings.parse({})
export const defaultLimits: Limits = limitsSettings.parse({})
