import type { Context } from 'hono'
import { bodyOf, bytesOf, type HttpEnv } from '../../host/http/http.ts'
import { Refusal } from './errors.ts'
import type { JsonObject } from './json.ts'

/** One request to this door. */
export type Call = Context<{ Bindings: HttpEnv }>

/** How tags are keyed: by keyword, by number, or by number with name and type. */
export type TagFormat = 'human' | 'short' | 'full'

/** An argument as it was given; of one that was given more than once the last counts, as in Orthanc. */
export const argument = (call: Call, name: string): string | undefined =>
  call.req.queries(name)?.at(-1)

/** A Boolean argument: given without a value it is true. */
export function flag(call: Call, name: string): boolean | undefined {
  const value = argument(call, name)
  if (value === undefined) return undefined
  switch (value.toLowerCase()) {
    case '':
    case 'true':
    case '1':
      return true
    case 'false':
    case '0':
      return false
    default:
      throw new Refusal('ParameterOutOfRange', `The argument "${name}" must be a Boolean`)
  }
}

/** What Orthanc reads as a whole number: a plus sign in a query is a blank to others. */
function wholeNumber(text: string): bigint | undefined {
  return /^[ +-]?\d{1,30}$/.test(text) ? BigInt(text.replace(/^[ +]/, '')) : undefined
}

/** As Orthanc reads a number without a sign: a negative one counts down from the largest. */
function unsigned(text: string, bits: 32 | 64): number | undefined {
  const number = wholeNumber(text)
  const largest = 2n ** BigInt(bits) - 1n
  if (number === undefined || number > largest || number < -largest) return undefined
  return Number(BigInt.asUintN(bits, number))
}

/** A whole number that may not be malformed; a negative one stands for a very large one, as in Orthanc. */
export function integer(call: Call, name: string): number | undefined {
  const value = argument(call, name)
  if (value === undefined) return undefined
  const number = unsigned(value, 64)
  if (number === undefined) {
    throw new Refusal('BadParameterType', 'Syntax error in some user-supplied data')
  }
  return number
}

/**
 * `since` and `limit` of lists come together or not at all. A limit of 0 is none. From 2^63 on a number
 * is a negative one to Orthanc's database: the beginning, and no limit.
 */
export function page(call: Call): { since: number; limit?: number } {
  const since = integer(call, 'since')
  const limit = integer(call, 'limit')
  if ((since === undefined) !== (limit === undefined)) {
    const absent = since === undefined ? 'since' : 'limit'
    throw new Refusal(
      'BadRequest',
      `Missing "${absent}" argument for GET request against: ${call.req.path}/`,
    )
  }
  const from = since === undefined || since >= 2 ** 63 ? 0 : since
  return { since: Math.min(from, Number.MAX_SAFE_INTEGER), ...(limit ? { limit } : {}) }
}

const changesAtOnce = 100
/** Orthanc looks for one more than this, which is 0 of its numbers: it finds nothing, and that is all. */
export const limitOfNothing = 2 ** 32 - 1

/**
 * `since` and `limit` of the logs. They are forgiving in Orthanc: when one of them is no number, neither
 * of them counts.
 */
export function stretch(call: Call): { since: number; limit: number } {
  const given = wholeNumber(argument(call, 'since') ?? '0')
  const limit = unsigned(argument(call, 'limit') ?? String(changesAtOnce), 32)
  const isNumber = given !== undefined && given === BigInt.asIntN(64, given)
  if (!isNumber || limit === undefined) return { since: 0, limit: changesAtOnce }
  return { since: Number(given), limit }
}

/** The tag format asked for by `?simplify`, `?short` and `?full`. */
export function tagFormat(call: Call, fallback: TagFormat): TagFormat {
  if (flag(call, 'simplify')) return 'human'
  if (flag(call, 'short')) return 'short'
  if (flag(call, 'full')) return 'full'
  return fallback
}

/** A list in an argument, with `separator` between its members. */
export function listed(value: string | undefined, separator: string): string[] {
  return (value ?? '').split(separator).filter(each => each !== '')
}

export async function textBody(call: Call, limit: number): Promise<string> {
  return (await bytesOf(bodyOf(call.req.raw, call.env?.incoming, limit))).toString('utf8')
}

export async function jsonBody(call: Call, limit: number): Promise<unknown> {
  try {
    return JSON.parse(await textBody(call, limit)) as unknown
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

export async function objectBody(call: Call, limit: number): Promise<JsonObject> {
  const body = await jsonBody(call, limit)
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new Refusal('BadRequest', 'The body must contain a JSON object')
  }
  return body as JsonObject
}

export function booleanField(body: JsonObject, name: string, fallback: boolean): boolean {
  const value = body[name]
  if (value === undefined) return fallback
  if (typeof value !== 'boolean') {
    throw new Refusal('BadRequest', `Field "${name}" should be a Boolean`)
  }
  return value
}

export function countField(body: JsonObject, name: string): number {
  const value = body[name] ?? 0
  if (typeof value !== 'number' || !Number.isInteger(value)) {
    throw new Refusal('BadRequest', `Field "${name}" should be an integer`)
  }
  if (value < 0) {
    throw new Refusal('ParameterOutOfRange', `Field "${name}" should be a positive integer`)
  }
  return value
}

export function stringField(body: JsonObject, name: string): string | undefined {
  const value = body[name]
  if (value !== undefined && typeof value !== 'string') {
    throw new Refusal('BadRequest', `Field "${name}" should be a string`)
  }
  return value
}

export function stringsField(body: JsonObject, name: string): string[] | undefined {
  const value = body[name]
  if (value === undefined) return undefined
  if (!Array.isArray(value) || value.some(each => typeof each !== 'string')) {
    throw new Refusal('BadRequest', `Field "${name}" should be an array of strings`)
  }
  return value as string[]
}

export function formatField(body: JsonObject): TagFormat {
  // Of these two Orthanc says otherwise than of its neighbours that they are no Booleans.
  const wanted = (name: string) => {
    const value = body[name] ?? false
    if (typeof value === 'boolean') return value
    throw new Refusal('BadFileFormat', `Boolean value expected in field: ${name}`)
  }
  const [full, short] = [wanted('Full'), wanted('Short')]
  return full ? 'full' : short ? 'short' : 'human'
}

/** `0`, `1`, `false`, `true` as the whole body. */
export function booleanText(body: string): boolean {
  switch (body.trim().toLowerCase()) {
    case '1':
    case 'true':
      return true
    case '0':
    case 'false':
      return false
    default:
      throw new Refusal('BadFileFormat', 'Boolean value expected')
  }
}
