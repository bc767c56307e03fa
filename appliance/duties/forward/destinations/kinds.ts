import { z } from 'zod'
import { carriage } from '../link.ts'
import type { Problem } from '../problems.ts'
import { examineTls } from './certificates.ts'
import type { Destination } from './destination.ts'
import { dicomwebSettings, openDicomweb } from './dicomweb.ts'
import { dimseSettings, openDimse } from './dimse.ts'
import { openOrthancPeer, orthancPeerSettings } from './orthanc.ts'
import type { Surroundings } from './surroundings.ts'

/** A new kind of destination is a file of its own and a line here and a case below. */
export const destinationSettings = z.discriminatedUnion('kind', [
  dimseSettings.extend(carriage),
  dicomwebSettings.extend(carriage),
  orthancPeerSettings.extend(carriage),
])

export type DestinationSettings = z.output<typeof destinationSettings>

/**
 * What keeps a destination from working that its settings name and the box has not: its TLS files.
 * For when it is saved; a destination that is there already fails with the reason until it is mended.
 */
export function obstaclesTo({ tls }: DestinationSettings, now: number): Problem[] {
  return examineTls(tls, now).problems
}

/** Certificates of a destination that end within a month, whole days each. */
export function certificatesEnding({ tls }: DestinationSettings, now: number) {
  return examineTls(tls, now).ending
}

export function openDestination(
  settings: DestinationSettings,
  surroundings: Surroundings,
): Destination {
  for (const { file, days } of certificatesEnding(settings, Date.now()))
    surroundings.log.warn('certificate-expires', {
      ...{ destination: settings.name, file, days },
      advice: 'Renew the certificate in time; the file is read anew when it changes.',
    })
  switch (settings.kind) {
    case 'dimse':
      return openDimse(settings, surroundings)
    case 'dicomweb':
      return openDicomweb(settings, surroundings)
    case 'orthanc':
      return openOrthancPeer(settings, surroundings)
  }
}
