import { type Difference, intended } from './differences.ts'
import type { Server } from './peer.ts'

/** One request, sent to both. */
export interface Question {
  method: string
  path: string
  body?: string | Uint8Array
  headers?: Record<string, string>
  /** Shown instead of the body. */
  about?: string
  /** Lists of identifiers are compared as sets: their order is nobody's promise. */
  unordered?: boolean
}

interface Answer {
  status: number
  type: string
  headers: Record<string, string | null>
  text: string
}

const compared = ['allow', 'location', 'etag', 'content-range']

export async function ask(server: Server, question: Question): Promise<Answer> {
  const response = await fetch(server.url + question.path, {
    method: question.method,
    redirect: 'manual',
    ...(question.body !== undefined && { body: question.body as string }),
    ...(question.headers && { headers: question.headers }),
  })
  return {
    status: response.status,
    type: response.headers.get('content-type') ?? '',
    headers: Object.fromEntries(compared.map(name => [name, response.headers.get(name)])),
    text: Buffer.from(await response.arrayBuffer()).toString('latin1'),
  }
}

/** What an answer of ours has otherwise than theirs and should not, one sentence each. */
export function surprises(question: Question, theirs: Answer, ours: Answer): string[] {
  const name = `${question.method} ${question.path}${question.about ? ` <${question.about}>` : ''}`
  const found: [what: string, theirs: unknown, ours: unknown][] = []
  if (theirs.status !== ours.status) found.push(['status', theirs.status, ours.status])
  if (theirs.type !== ours.type) found.push(['type', theirs.type, ours.type])
  for (const each of compared) {
    if (headerOf(theirs, each) !== headerOf(ours, each)) {
      found.push([each, headerOf(theirs, each), headerOf(ours, each)])
    }
  }
  found.push(...bodies(theirs, ours, question.unordered ?? false))
  return found
    .filter(([what, value]) => !intended.some(each => covers(each, name, what, value)))
    .map(([what, a, b]) => `${name}: ${what}: Orthanc ${shown(a)}, we ${shown(b)}`)
}

function covers(difference: Difference, name: string, what: string, theirs: unknown): boolean {
  const { where, what: place, theirs: value } = difference
  if (!where.test(name) || !place.test(what)) return false
  return value === undefined || value.test(JSON.stringify(theirs) ?? '')
}

/** The verbs of `Allow` have no order. */
function headerOf(answer: Answer, name: string): string | null | undefined {
  const value = answer.headers[name]
  return name === 'allow' ? value?.split(',').sort().join(',') : value
}

const shown = (value: unknown) =>
  Array.isArray(value)
    ? `${value.length} ${JSON.stringify(value).slice(0, 120)}`
    : JSON.stringify(value)?.slice(0, 160)

function bodies(theirs: Answer, ours: Answer, unordered: boolean): [string, unknown, unknown][] {
  const [a, b] = [parsed(theirs.text), parsed(ours.text)]
  if (a === undefined || b === undefined) {
    return theirs.text === ours.text ? [] : [['', theirs.text, ours.text]]
  }
  const found = [...differing(a, b, '', unordered)]
  // Equal values must also be printed alike, byte for byte.
  if (found.length === 0 && !unordered && theirs.text !== ours.text) {
    found.push(['print', theirs.text, ours.text])
  }
  return found
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isIdentifiers = (value: unknown[]) =>
  value.length > 0 && value.every(each => /^[0-9a-f]{8}(-[0-9a-f]{8}){4}$/.test(String(each)))

function* differing(
  a: unknown,
  b: unknown,
  at: string,
  unordered: boolean,
): Generator<[string, unknown, unknown]> {
  if (isObject(a) && isObject(b)) {
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
      if (!(key in a) || !(key in b)) yield [`${at}/${key}`, a[key], b[key]]
      else yield* differing(a[key], b[key], `${at}/${key}`, unordered)
    }
  } else if (Array.isArray(a) && Array.isArray(b) && a.length === b.length) {
    const sort = isIdentifiers(a) || unordered
    const [x, y] = sort ? [sorted(a), sorted(b)] : [a, b]
    for (let i = 0; i < x.length; i++) yield* differing(x[i], y[i], `${at}/${i}`, unordered)
  } else if (JSON.stringify(a) !== JSON.stringify(b)) yield [at, a, b]
}

/** By what names a resource, or by the text of all of it. */
function sorted(list: unknown[]): unknown[] {
  const key = (each: unknown) => (isObject(each) && 'ID' in each ? each.ID : JSON.stringify(each))
  return [...list].sort((a, b) => (String(key(a)) < String(key(b)) ? -1 : 1))
}
