import type { Described, Schema } from '../../host/http/http.ts'
import { networkDescribed } from './describedNetwork.ts'
import { resourcesDescribed } from './describedResources.ts'
import { toolsDescribed } from './describedTools.ts'
import { workDescribed } from './describedWork.ts'
import { count, fields, text } from './describing.ts'

/** What this door's routes take and give: verb and path, where `{a,b}` stands for either. */
const operations: Readonly<Record<string, Described>> = {
  ...toolsDescribed,
  ...resourcesDescribed,
  ...workDescribed,
  ...networkDescribed,
}

/** The same by verb and path, each spelled out: `GET /studies/{id}`. */
export const described: ReadonlyMap<string, Described> = new Map(
  Object.entries(operations).flatMap(([pattern, says]) =>
    spelledOut(pattern).map(each => [each, { tag: each.split('/')[1]!, ...says }] as const),
  ),
)

/** `{a,b}` is a choice, `{a}` a parameter. */
function spelledOut(pattern: string): string[] {
  const choice = /\{([^{}]*,[^{}]*)\}/.exec(pattern)
  if (!choice) return [pattern]
  const rest = pattern.slice(choice.index + choice[0].length)
  return choice[1]!
    .split(',')
    .flatMap(each => spelledOut(`${pattern.slice(0, choice.index)}${each}${rest}`))
}

/** How Orthanc says no. */
export const refusalSchema: Schema = fields({
  ...{ Details: text, HttpError: text, HttpStatus: count, Message: text, Method: text },
  ...{ OrthancError: text, OrthancStatus: { type: 'integer' }, Uri: text },
})
