import { z } from 'zod'
import type { Log } from '../../../log.ts'
import type { ConnectionRecord } from '../../../standard/dimse/dimse.ts'
import type { Commitments } from '../../nodes/nodes.ts'

/** What every kind of destination is given besides its own settings. */
export interface Surroundings {
  /** This box's own AE title. */
  aeTitle: string
  log: Log
  /** Bytes a second that the link gives it now; `undefined` or absent: as many as it can. */
  rate?: () => number | undefined
  /** Told with each connection over TLS when the far side's certificate ends, ms. */
  onCertificate?: (ends: number) => void
  /** Told of each association when it is over. */
  onRecord?: ((record: ConnectionRecord) => void) | undefined
  /** Storage commitment, for kinds that verify by it; absent where nothing is ever committed. */
  commitments?: (() => Commitments | undefined) | undefined
}

/** The settings that all kinds share. */
export const destinationName = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
    'a name is up to 64 letters, digits, "." "_" "-", and begins with a letter or digit',
  )
  .describe('What rules, the ledger and the pages call it. A new name is a new destination.')

export const parallel = z
  .number()
  .int()
  .min(1)
  .max(16)
  .default(4)
  .describe('Connections at once, at most; how many of them are worth it is measured.')

/** PS3.5 table 6.2-1, VR AE: up to 16 characters, not only spaces, no backslash or control. */
export const aeTitle = z
  .string()
  .regex(
    /^(?! *$)[\x20-\x5b\x5d-\x7e]{1,16}$/,
    'an AE title is 1 to 16 ASCII characters without "\\"',
  )

/** Seconds after the last image of a study at which the far side is asked what it has. */
export const verifyAfter = z
  .number()
  .min(1)
  .max(86_400)
  .default(60)
  .describe('Seconds after the last image of a study to ask; it may need some to file them.')

/** TLS towards a destination, of every kind. */
export const tlsSettings = z.strictObject({
  certificateFile: z.string().optional().describe('PEM: our certificate, if it wants one.'),
  keyFile: z.string().optional().describe('PEM: the private key of our certificate.'),
  authoritiesFile: z
    .string()
    .optional()
    .describe('PEM: who may sign its certificate; without it the system’s authorities.'),
  revocationsFile: z.string().optional().describe('PEM: revocation lists of the authorities.'),
  serverName: z.string().optional().describe('The name in its certificate, if not the host.'),
  verify: z.boolean().default(true).describe('Whether its certificate must be a valid one.'),
})

export type TlsSettings = z.output<typeof tlsSettings>
