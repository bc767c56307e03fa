import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { z } from 'zod'
import { Fault, faultOf } from '../../faults.ts'
import { substituteEnvironment } from './environment.ts'

export { parseCommentedJson, readCommentedJson } from './commentedJson.ts'
export { substituteEnvironment } from './environment.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** One start-up option: `--http-port N`, with its twin `WAYSTATION_HTTP_PORT`. */
export interface Option {
  help: string
  /** Where in the settings its value goes, such as `['http', 'port']`; absent: read by the program itself. */
  sets?: readonly [string, string]
  number?: boolean
}

/**
 * Reads options from the command line, else from their environment twins. The command line wins.
 * Fault: `settings-refused`, naming every option that is unknown or not a number at once.
 */
export function readOptions(
  known: Readonly<Record<string, Option>>,
  args: readonly string[],
  env: Environment,
): Record<string, string | number> {
  const problems: string[] = []
  const given: Record<string, string | number> = {}
  const take = (name: string, text: string, where: string) => {
    if (known[name]?.number !== true) given[name] = text
    else if (/^\d{1,5}$/.test(text)) given[name] = Number(text)
    else problems.push(`${where} wants a number, not "${text}"`)
  }
  for (const name of Object.keys(known)) {
    const twin = twinOf(name)
    if (env[twin]) take(name, env[twin], twin)
  }
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(
      Object.keys(known).map(name => [name, { type: 'string' as const }]),
    ),
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  for (const token of tokens) {
    if (token.kind === 'positional') problems.push(`"${token.value}" is not an option`)
    if (token.kind !== 'option') continue
    if (!known[token.name]) problems.push(`${token.rawName} is not an option`)
    else if (token.value === undefined) problems.push(`${token.rawName} wants a value`)
    else take(token.name, token.value, token.rawName)
  }
  if (problems.length > 0) throw new Fault('settings-refused', problems.join('; '))
  return given
}

/** `http-port` → `WAYSTATION_HTTP_PORT`. */
export function twinOf(option: string): string {
  return `WAYSTATION_${option.toUpperCase().replaceAll('-', '_')}`
}

/**
 * Settings from a configuration file (JSON; `${NAME}` and `${NAME:-default}` in strings) with the
 * start-up options laid over it, verified as a whole: unknown keys are refused by name, and every
 * problem is reported at once. Nothing is committed anywhere. Fault: `settings-refused`.
 */
export function loadSettings<Schema extends z.ZodType>(
  schema: Schema,
  source: {
    file?: string
    /** What holds where the file says nothing, such as settings translated from elsewhere. */
    under?: Readonly<Record<string, unknown>>
    env: Environment
    over?: readonly { at: readonly [string, string]; value: unknown }[]
  },
): z.output<Schema> {
  const problems: string[] = []
  const raw = source.file === undefined ? {} : readFile(source.file)
  const said = substituteEnvironment(raw, source.env, problems)
  const settings = over(source.under ?? {}, said) as Record<string, unknown>
  for (const { at, value } of source.over ?? []) {
    const [section, key] = at
    settings[section] = { ...(settings[section] as object | undefined), [key]: value }
  }
  const verified = schema.safeParse(settings)
  if (!verified.success) problems.push(...verified.error.issues.flatMap(sentences))
  if (problems.length > 0 || !verified.success) {
    throw new Fault('settings-refused', problems.join('; '))
  }
  return verified.data
}

/** Objects key by key, everything else as the upper one has it. */
function over(lower: unknown, upper: unknown): unknown {
  const isObject = (value: unknown): value is Record<string, unknown> =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
  if (!isObject(lower) || !isObject(upper)) return upper
  const both = { ...lower }
  for (const [key, value] of Object.entries(upper)) {
    both[key] = Object.hasOwn(lower, key) ? over(lower[key], value) : value
  }
  return both
}

function readFile(path: string): unknown {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new Fault(
      'settings-refused',
      `the configuration file ${path} cannot be read (${faultOf(error).detail})`,
    )
  }
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (error) {
    throw new Fault('settings-refused', `${path} is not JSON: ${(error as Error).message}`)
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new Fault('settings-refused', `${path} must hold one JSON object`)
  }
  return parsed
}

/** A schema's complaints as sentences that begin with the setting's name. */
function sentences(issue: z.core.$ZodIssue): string[] {
  const at = issue.path
    .map(part => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
  const name = at.replace(/^\./, '')
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map(key => `${name ? `${name}.` : ''}${key}: there is no such setting`)
  }
  return [`${name || 'settings'}: ${issue.message}`]
}
