import { type Call, integer } from './arguments.ts'
import type { Desk } from './desk.ts'
import { Refusal } from './errors.ts'
import { whole } from './jobsBodies.ts'
import type { JsonObject } from './json.ts'

/**
 * How much of an image may not get lost when it is converted with loss: 1 to 100, by default the
 * setting. Refusals: ParameterOutOfRange, BadParameterType, BadFileFormat.
 */
export function qualityAsked(desk: Desk, given: Call | JsonObject): number {
  const quality = isCall(given) ? integer(given, 'lossy-quality') : whole(given, 'LossyQuality')
  if (quality !== undefined && (quality < 1 || quality > 100)) {
    throw new Refusal('ParameterOutOfRange', 'The lossy quality must be in range [1..100]')
  }
  return quality ?? desk.settings.lossyQuality
}

const isCall = (given: Call | JsonObject): given is Call => 'req' in given
