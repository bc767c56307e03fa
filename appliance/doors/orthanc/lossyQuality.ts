import { type Call, integer } from './arguments.ts'
import { Refusal } from './errors.ts'
import { whole } from './jobsBodies.ts'
import type { JsonObject } from './json.ts'

/**
 * How much of an image may get lost when it is converted: 1 to 100. Nothing here is written with
 * loss, so it has no effect; what is no quality is refused all the same. Refusals:
 * ParameterOutOfRange, BadParameterType, BadFileFormat.
 */
export function expectQuality(given: Call | JsonObject): void {
  const quality = isCall(given) ? integer(given, 'lossy-quality') : whole(given, 'LossyQuality')
  if (quality !== undefined && (quality < 1 || quality > 100)) {
    throw new Refusal('ParameterOutOfRange', 'The lossy quality must be in range [1..100]')
  }
}

const isCall = (given: Call | JsonObject): given is Call => 'req' in given
