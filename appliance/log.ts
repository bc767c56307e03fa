import { pino } from 'pino'

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

export function createLog(options: {
  level: string
  destination?: { write(line: string): void }
}): Log {
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
  return {
    info: (event, fields = {}) => out.info(fields, event),
    warn: (event, fields) => out.warn(fields, event),
    error: (event, fields) => out.error(fields, event),
    debug: (event, fields = {}) => out.debug(fields, event),
  }
}

/** For parts under test that need a log and whose lines nobody reads. */
export const silentLog: Log = { info() {}, warn() {}, error() {}, debug() {} }
