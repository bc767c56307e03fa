/** DIMSE services answered from the archive: what a scanner talks to. */
import { lookup } from 'node:dns/promises'
import type { Nodes } from '../../duties/nodes/nodes.ts'
import type { Archive } from '../../holdings/archive/archive.ts'
import type { Log } from '../../log.ts'
import { storageSopClasses } from '../../standard/dicom/dicom.ts'
import {
  type Acceptor,
  type ConnectionRecord,
  createAcceptor,
  type Offers,
  status,
  verificationSopClass,
} from '../../standard/dimse/dimse.ts'
import { createAdmission } from './admission.ts'
import type { ScpSettings } from './settings.ts'
import { store } from './store.ts'

export { type ConnectionLog, createConnectionLog, type RefusedCaller } from './connections.ts'
export { aeTitle, type ScpSettings, scpSettings } from './settings.ts'

export function createScp(options: {
  settings: ScpSettings
  archive: Archive
  nodes: Nodes
  onRecord: (record: ConnectionRecord) => void
  log: Log
  now: () => Date
}): Acceptor {
  const { settings, archive, log, now } = options
  const admission = createAdmission({ settings, nodes: options.nodes, addressesOf, log })
  return createAcceptor({
    ...(settings.host === undefined ? {} : { host: settings.host }),
    port: settings.port,
    ...(settings.tls === undefined ? {} : { tls: settings.tls }),
    aeTitles: settings.checkCalledAet ? [settings.aet, ...settings.aliases] : 'any',
    timers: settings.timers,
    limits: settings.limits,
    admit: admission.admit,
    offers: offersOf(settings),
    services: admission.guarding({
      echo: async () => ({ status: status.success }),
      store: request => store(archive, request, { log, now }),
    }),
    onRecord: record => options.onRecord(admission.told(record)),
    log,
  })
}

async function addressesOf(host: string): Promise<string[]> {
  const found = await lookup(host, { all: true })
  return found.map(({ address }) => address)
}

/**
 * Verification, and storage in whatever transfer syntax the sender names first: nothing is parsed to
 * be stored, so nothing has to be converted.
 */
export function offersOf(settings: Pick<ScpSettings, 'privateSopClasses' | 'anySopClass'>): Offers {
  const uncompressed = ['1.2.840.10008.1.2.1', '1.2.840.10008.1.2', '1.2.840.10008.1.2.2']
  const own = new Set(settings.privateSopClasses)
  return abstractSyntax => {
    if (abstractSyntax === verificationSopClass) return { transferSyntaxes: uncompressed }
    const taken =
      settings.anySopClass || storageSopClasses.has(abstractSyntax) || own.has(abstractSyntax)
    return taken ? { transferSyntaxes: 'any' } : undefined
  }
}
