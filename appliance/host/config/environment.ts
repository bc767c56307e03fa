import type { Environment } from './config.ts'

const reference = /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g

/**
 * The same JSON value with `${NAME}` and `${NAME:-default}` replaced in every string, keys left as
 * they are. A name without value and default is added to `problems`, so that a forgotten secret is
 * a clear refusal and not an empty password.
 */
export function substituteEnvironment(
  value: unknown,
  env: Environment,
  problems: string[],
): unknown {
  if (typeof value === 'string') {
    return value.replace(reference, (whole, name: string, fallback: string | undefined) => {
      const found = env[name] ?? fallback
      if (found === undefined) problems.push(`the environment variable ${name} is not set`)
      return found ?? whole
    })
  }
  if (Array.isArray(value)) return value.map(each => substituteEnvironment(each, env, problems))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, substituteEnvironment(each, env, problems)]),
  )
}
