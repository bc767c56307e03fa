import { createEncoding, type Encoding } from './encoding.ts'

/** The parts of the program whose log lines Orthanc's clients let out one by one. */
export const logCategories = [
  'generic',
  'plugins',
  'http',
  'sqlite',
  'dicom',
  'jobs',
  'lua',
] as const
export type LogCategory = (typeof logCategories)[number]
export const verbosities = ['default', 'verbose', 'trace'] as const
export type Verbosity = (typeof verbosities)[number]

/**
 * What this door may ask of, and change in, the running box. As in Orthanc, what is changed here
 * holds until the next start, or until POST /tools/reset.
 */
export interface Running {
  /** What C-STORE takes. */
  acceptance: {
    transferSyntaxes(): string[]
    acceptTransferSyntaxes(patterns: readonly string[]): void
    sopClasses(): string[]
    takesUnknown(): boolean
    takeUnknown(taken: boolean): void
  }
  /** What an association is offered of an abstract syntax; undefined: nothing. */
  negotiates(
    abstractSyntax: string,
  ): { takes(transferSyntax: string): boolean; callerMayBeScp: boolean } | undefined
  verbosity(category: LogCategory): Verbosity
  setVerbosity(category: LogCategory, verbosity: Verbosity): void
  encoding: Encoding
  /** Figures of other rooms for /tools/metrics-prometheus, by Orthanc's names. */
  figures(): readonly (readonly [name: string, value: number])[]
  /**
   * Stops as SIGTERM does, and with `restart` begins again with the settings read anew. Fault:
   * `settings-refused` when those would not be taken; then all goes on as before.
   */
  stop(how: 'stop' | 'restart'): void
}

/** A box that takes everything and cannot be stopped: for a door that stands alone. */
export function standingAlone(): Running {
  const verbosity = new Map<LogCategory, Verbosity>()
  let unknown = false
  return {
    acceptance: {
      transferSyntaxes: () => [],
      acceptTransferSyntaxes() {},
      sopClasses: () => [],
      takesUnknown: () => unknown,
      takeUnknown(taken) {
        unknown = taken
      },
    },
    negotiates: () => undefined,
    verbosity: category => verbosity.get(category) ?? 'default',
    setVerbosity: (category, to) => void verbosity.set(category, to),
    encoding: createEncoding(),
    figures: () => [],
    stop() {},
  }
}
