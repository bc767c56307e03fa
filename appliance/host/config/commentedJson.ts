import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Fault, faultOf } from '../../faults.ts'
import type { Environment } from './config.ts'

/**
 * JSON as other programs' configuration files have it: with comments of both kinds, and with
 * `${NAME}`, `${NAME:-default}` and quoted defaults replaced anywhere in the text before it is
 * parsed; a name without value and default becomes nothing. A folder is all its `*.json` files
 * together. Fault: `settings-refused`, also where two files hold the same key.
 */
export function readCommentedJson(path: string, env: Environment): Record<string, unknown> {
  const all: Record<string, unknown> = {}
  const from = new Map<string, string>()
  for (const file of filesOf(path)) {
    for (const [key, value] of Object.entries(parseCommentedJson(textOf(file), env, file))) {
      const other = from.get(key)
      if (other !== undefined) {
        throw new Fault('settings-refused', `${key} stands in both ${other} and ${file}`)
      }
      from.set(key, file)
      all[key] = value
    }
  }
  return all
}

/** See `readCommentedJson`; `name` is what complaints call it. */
export function parseCommentedJson(
  text: string,
  env: Environment,
  name: string,
): Record<string, unknown> {
  let parsed: unknown
  try {
    parsed = JSON.parse(withoutComments(substituted(text, env)))
  } catch (error) {
    throw new Fault('settings-refused', `${name} is not JSON: ${(error as Error).message}`)
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new Fault('settings-refused', `${name} must hold one JSON object`)
  }
  return parsed as Record<string, unknown>
}

const reference = /\$\{([^:}]+)(?::-(?:"([^"]*)"|'([^']*)'|([^}]*)))?\}/g

function substituted(text: string, env: Environment): string {
  return text.replace(
    reference,
    (_, name: string, double?: string, single?: string, plain?: string) =>
      env[name] ?? double ?? single ?? plain ?? '',
  )
}

/** Comments become spaces, so that complaints name the right place; strings stay as they are. */
function withoutComments(text: string): string {
  return text.replace(/"(?:[^"\\]|\\.)*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, found =>
    found.startsWith('"') ? found : found.replace(/[^\n]/g, ' '),
  )
}

function filesOf(path: string): string[] {
  try {
    if (!statSync(path).isDirectory()) return [path]
    const names = readdirSync(path).filter(name => name.endsWith('.json'))
    return names.sort().map(name => join(path, name))
  } catch (error) {
    throw new Fault('settings-refused', `${path} cannot be read (${faultOf(error).detail})`)
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8').replace(/^\uFEFF/, '')
  } catch (error) {
    throw new Fault('settings-refused', `${file} cannot be read (${faultOf(error).detail})`)
  }
}
