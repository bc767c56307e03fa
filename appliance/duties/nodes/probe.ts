import type { Asked } from './asking.ts'

/** What a peer takes and how it presents itself. */
export interface Capabilities {
  /** What its port speaks. */
  speaks: 'plain' | 'tls'
  implementationClassUid?: string
  implementationVersionName?: string
  /** The longest P-DATA-TF it takes, in bytes; 0: any. */
  maxPduLength: number
  /** Of a TLS port. */
  certificate?: Certificate
  /** Storage SOP classes that it takes, each with the transfer syntaxes it takes it in. */
  storage: { sopClassUid: string; name: string; transferSyntaxes: string[] }[]
  /** Other services that it takes, by our words for them. */
  services: Service[]
  /** How many associations it took to find out. */
  associations: number
}

/** A service that a peer can be asked for, besides storage. */
export type Service =
  | 'echo'
  | 'find-patient'
  | 'find-study'
  | 'find-worklist'
  | 'move-patient'
  | 'move-study'
  | 'get-patient'
  | 'get-study'
  | 'storage-commitment'
  | 'instance-availability'

export interface Certificate {
  protocol: string
  cipher: string
  subject: string
  issuer: string
  /** ISO 8601 in UTC. */
  validFrom: string
  validTo: string
  /** Whole days until it expires by this box's clock; negative when it has. */
  daysLeft: number
  /** SHA-256, hexadecimal. */
  fingerprint: string
  /** Whether we would trust it; when not, why. */
  trusted: boolean
  distrust?: string
}

export interface ProbeOptions extends Asked {
  /** Told after each association. */
  onProgress?(progress: { associations: number; of: number }): void
  /** Default: all of the standard. */
  sopClasses?: readonly string[]
  /** Default: those in which images are exchanged. */
  transferSyntaxes?: readonly string[]
}
