import { z } from 'zod'
import { carriage } from '../link.ts'
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

export function openDestination(
  settings: DestinationSettings,
  surroundings: Surroundings,
): Destination {
  switch (settings.kind) {
    case 'dimse':
      return openDimse(settings, surroundings)
    case 'dicomweb':
      return openDicomweb(settings, surroundings)
    case 'orthanc':
      return openOrthancPeer(settings, surroundings)
  }
}
