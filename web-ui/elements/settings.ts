import type { Problem, Schema } from '../api/api.ts'

/** What forms are made of: settings as JSON, described by their schema. */
export type Settings = Readonly<Record<string, unknown>>

export type FieldKind =
  | 'text'
  | 'secret'
  | 'number'
  | 'amount'
  | 'boolean'
  | 'choice'
  | 'lines'
  | 'pairs'
  | 'group'
  | 'groups'
  | 'variants'

/** How a person enters what the schema describes. */
export function fieldKind(key: string, schema: Schema): FieldKind {
  if (schema.oneOf) return 'variants'
  if (schema.anyOf) return 'amount'
  if (schema.enum) return 'choice'
  switch (schema.type) {
    case 'boolean':
      return 'boolean'
    case 'number':
    case 'integer':
      return 'number'
    case 'array':
      return schema.items?.type === 'object' ? 'groups' : 'lines'
    case 'object':
      return schema.properties ? 'group' : 'pairs'
    default:
      return /password|passphrase|secret|token$/i.test(key) ? 'secret' : 'text'
  }
}

const known: Readonly<Record<string, string>> = {
  aet: 'AE title',
  allows: 'What it may ask',
  artim: 'Handshake (ARTIM)',
  at: 'When',
  echo: 'C-ECHO',
  eventReport: 'Storage commitment reports',
  find: 'C-FIND',
  findWorklist: 'C-FIND of worklists',
  get: 'C-GET',
  localAet: 'Our AE title',
  manufacturer: 'Peculiarities',
  metered: 'Each byte costs',
  move: 'C-MOVE',
  offPeak: 'Off-peak hours',
  parallel: 'Connections at most',
  parallelAtLeast: 'Connections at least',
  store: 'C-STORE',
  tls: 'TLS',
  tlsFiles: 'TLS files',
  tokenUrl: 'Token URL',
  uplink: 'Behind the link',
  url: 'URL',
  useTls: 'Call it over TLS',
}

/** `localAet` → “Our AE title”, `writeStall` → “Write stall”. */
export function labelOf(key: string): string {
  const words = known[key] ?? key.replaceAll(/([A-Z])/g, ' $1').toLowerCase()
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/** What one variant of several is told by: the constant that its `kind` has. */
export const variantOf = (schema: Schema): string => schema.properties?.kind?.const ?? ''

/** What is wrong with a field itself or, `within`, with anything in it. */
export function problemsAt(problems: readonly Problem[], path: string, within = false): string[] {
  return problems
    .filter(each => each.path === path || (within && each.path.startsWith(`${path}.`)))
    .map(each => each.message)
}

/** Problems of no field that the form shows. */
export function problemsElsewhere(problems: readonly Problem[], schema: Schema): string[] {
  const keys = Object.keys(schema.properties ?? {})
  return problems
    .filter(({ path }) => !keys.includes(path.split('.')[0] ?? ''))
    .map(({ path, message }) => (path ? `${path}: ${message}` : message))
}

/** Without the key when nothing is given: then the default holds. */
export function withField(settings: Settings, key: string, value: unknown): Settings {
  if (value !== undefined) return { ...settings, [key]: value }
  const { [key]: _, ...rest } = settings
  return rest
}

export const linesOf = (text: string): string[] | undefined => {
  const lines = text
    .split('\n')
    .map(line => line.trim())
    .filter(Boolean)
  return lines.length > 0 ? lines : undefined
}

/** `Name: value`, one a line. */
export function pairsOf(text: string): Record<string, string> {
  const lines = linesOf(text) ?? []
  return Object.fromEntries(
    lines.map(line => {
      const at = line.indexOf(':')
      return at < 0 ? [line, ''] : [line.slice(0, at).trim(), line.slice(at + 1).trim()]
    }),
  )
}

export const pairsText = (pairs: unknown): string =>
  Object.entries((pairs ?? {}) as Record<string, string>)
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n')

/** A number, a size like `500 MB`, `none` for no limit; nothing where nothing is given. */
export function amountOf(text: string): number | string | null | undefined {
  const given = text.trim()
  if (given === '') return undefined
  if (given === 'none') return null
  return /^\d+(\.\d+)?$/.test(given) ? Number(given) : given
}

/** Bytes, which may be written as `500 MB`. */
export const takesSizes = (schema: Schema): boolean =>
  schema.anyOf?.some(each => each.type === 'string') ?? false

/** Bytes are shown as they would be entered. */
export function amountText(value: unknown, schema: Schema): string {
  if (value === undefined) return ''
  if (value === null) return 'none'
  if (!takesSizes(schema) || typeof value !== 'number') return String(value)
  for (const [unit, bytes] of sizes) if (value % bytes === 0) return `${value / bytes} ${unit}`
  return String(value)
}
const sizes = [
  ['TB', 1e12],
  ['GB', 1e9],
  ['MB', 1e6],
  ['KB', 1e3],
] as const
