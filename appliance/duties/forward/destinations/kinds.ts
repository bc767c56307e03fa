import { z } from 'zod'
import type { Destination } from './destination.ts'
import { dimseSettings, openDimse } from './dimse.ts'
import type { Surroundings } from './surroundings.ts'

/** A new kind of destination is a file of its own and a line in each of these two. */
export const destinationSettings = z.discriminatedUnion('kind', [dimseSettings])

const kinds = {
  dimse: openDimse,
}

export type DestinationSettings = z.output<typeof destinationSettings>

export function openDestination(
  settings: DestinationSettings,
  surroundings: Surroundings,
): Destination {
  return kinds[settings.kind](settings, surroundings)
}
