import { type Logger as Pino, pino } from 'pino'

/**
 * One structured JSON line per fact, on standard output, where systemd's journal reads it.
 *
 * A line is an `event` (what happened, in kebab-case), fields, and for warnings and errors `advice`:
 * what a person should do. Never a patient's name, identifier or birth date: UIDs, AE titles and
 * addresses only (goal 2 of the architecture).
 */
export interface Log {
  info(event: string, fields?: Fields): void
  warn(event: string, fields: Fields & { advice: string }): void
  error(event: string, fields: Fields & { advice: string }): void
  debug(event: string, fields?: Fields): void
}

export type Fields = Readonly<Record<string, unknown>>

/** Parts of the program whose lines can be let out each at a level of its own. */
export const logCategories = [
  'generic',
  'http',
  'dicom',
  'catalog',
  'jobs',
  'plugins',
  'lua',
] as const
export type LogCategory = (typeof logCategories)[number]

export interface LevelledLog extends Log {
  /** The lines of one part; the log itself is that of `generic`. */
  of(category: LogCategory): Log
  level(category: LogCategory): string
  /** How many warnings and errors there were since the start, whether they were let out or not. */
  counts(): { warnings: number; errors: number }
  /** From now on, until the next start: `debug`, `info`, `warn`, `error`, or `trace` for everything. */
  setLevel(category: LogCategory, level: string): void
}

export function createLog(options: {
  level: string
  destination?: { write(line: string): void }
}): LevelledLog {
  const out = pino(
    {
      level: options.level,
      base: null,
      messageKey: 'event',
      timestamp: () => `,"at":"${new Date().toISOString()}"`,
      formatters: { level: label => ({ level: label }) },
    },
    options.destination ?? pino.destination({ dest: 1, sync: true }),
  )
  const outs = Object.fromEntries(logCategories.map(name => [name, out.child({})])) as Record<
    LogCategory,
    Pino
  >
  const counts = { warnings: 0, errors: 0 }
  const logs = Object.fromEntries(
    logCategories.map(name => [name, logOn(outs[name], counts)]),
  ) as Record<LogCategory, Log>
  return {
    ...logs.generic,
    of: category => logs[category],
    level: category => outs[category].level,
    counts: () => ({ ...counts }),
    setLevel(category, level) {
      outs[category].level = level
    },
  }
}

function logOn(out: Pino, counts: { warnings: number; errors: number }): Log {
  return {
    info: (event, fields = {}) => out.info(fields, event),
    warn(event, fields) {
      counts.warnings++
      out.warn(fields, event)
    },
    error(event, fields) {
      counts.errors++
      out.error(fields, event)
    },
    debug: (event, fields = {}) => out.debug(fields, event),
  }
}

/** For parts under test that need a log and whose lines nobody reads. */
export const silentLog: Log = { info() {}, warn() {}, error() {}, debug() {} }
