import type { Problem } from './problems.ts'

/** What is shown in the place of a secret; given back, it stands for the one that is kept. */
export const mask = '********'

const secretName = /password|passphrase|secret|token$|^key$|authorization/i

/** What a URL may carry between the user's name and the host. */
const inUrl = /^([a-z][a-z0-9+.-]*:\/\/[^/?#:@]*:)([^/?#]+)(?=@)/i

/** Gateways name their keys as they like: of headers every value is a secret. */
const isSecret = (path: readonly string[]) =>
  path.at(-2) === 'headers' || secretName.test(path.at(-1) ?? '')

/** Settings as they may be shown: passwords, tokens and the like are masked, wherever they are. */
export function masked<T>(settings: T): T {
  return walk(settings, (text, path) =>
    isSecret(path) && text !== '' ? mask : text.replace(inUrl, `$1${mask}`),
  ) as T
}

/**
 * What was given, with what is kept in the places where it is masked. A mask for which nothing is
 * kept stays; see `emptyMasks`.
 */
export function unmasked(given: unknown, kept: unknown): unknown {
  return walk(given, (text, path) => {
    const before = path.reduce<unknown>(at, kept)
    if (typeof before !== 'string') return text
    if (isSecret(path)) return text === mask ? before : text
    const password = inUrl.exec(before)?.[2]
    return inUrl.exec(text)?.[2] === mask && password !== undefined
      ? text.replace(inUrl, (_, user: string) => user + password)
      : text
  })
}

/** Masks that stand for nothing, so that none is ever kept as if it were the secret. */
export function emptyMasks(given: unknown): Problem[] {
  const problems: Problem[] = []
  walk(given, (text, path) => {
    if (isSecret(path) ? text === mask : inUrl.exec(text)?.[2] === mask) {
      const message = `"${mask}" stands for a secret that is kept here, and none is: give it anew`
      problems.push({ path: path.join('.'), message })
    }
    return text
  })
  return problems
}

/** No settings lie deeper; what does is refused anyway. */
const deepest = 16

const at = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined

function walk(
  value: unknown,
  change: (text: string, path: readonly string[]) => string,
  path: readonly string[] = [],
): unknown {
  if (typeof value === 'string') return change(value, path)
  if (typeof value !== 'object' || value === null || path.length > deepest) return value
  if (Array.isArray(value)) return value.map((each, n) => walk(each, change, [...path, String(n)]))
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, walk(each, change, [...path, key])]),
  )
}
