/** What is shown in the place of a secret; given back, it stands for the one that is kept. */
export const mask = '********'

const secret = /password|passphrase|secret|token$|^key$|authorization/i

/** Settings as they may be shown: passwords, tokens and the like are masked, wherever they are. */
export function masked<T>(settings: T): T {
  return walk(settings, (key, value) =>
    secret.test(key) && typeof value === 'string' && value !== '' ? mask : value,
  ) as T
}

/** What was given, with what is kept in the places where it is masked. */
export function unmasked(given: unknown, kept: unknown): unknown {
  if (Array.isArray(given)) return given
  if (typeof given !== 'object' || given === null) return given
  const before = (typeof kept === 'object' && kept !== null ? kept : {}) as Record<string, unknown>
  return Object.fromEntries(
    Object.entries(given).map(([key, value]) => [
      key,
      value === mask && secret.test(key) ? before[key] : unmasked(value, before[key]),
    ]),
  )
}

function walk(value: unknown, change: (key: string, value: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map(each => walk(each, change))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => {
      const changed = change(key, each)
      return [key, changed === each ? walk(each, change) : changed]
    }),
  )
}
