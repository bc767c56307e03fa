import { like, storageSopClasses, transferSyntaxes } from '../../standard/dicom/dicom.ts'
import type { ScpSettings } from './settings.ts'

/**
 * What C-STORE takes: SOP classes and transfer syntaxes. It begins with what the settings say, and
 * what is changed at run time holds until the next start, as in Orthanc. Associations that stand
 * keep what they negotiated.
 */
export interface Acceptance {
  /** Of those of the standard, and of those named without wildcards, in the order of their UIDs. */
  transferSyntaxes(): string[]
  /** From now on those that one of the patterns fits: `*` is any text, `?` one character. */
  acceptTransferSyntaxes(patterns: readonly string[]): void
  takesTransferSyntax(uid: string): boolean
  /** Those known by name, in the order of their UIDs. */
  sopClasses(): string[]
  takesSopClass(uid: string): boolean
  /** Whether SOP classes are taken that are not known at all. */
  takesUnknown(): boolean
  takeUnknown(taken: boolean): void
}

export type AcceptanceSettings = Pick<
  ScpSettings,
  | 'privateSopClasses'
  | 'anySopClass'
  | 'acceptedTransferSyntaxes'
  | 'acceptedSopClasses'
  | 'rejectedSopClasses'
>

export function createAcceptance(settings: AcceptanceSettings): Acceptance {
  let patterns: readonly string[] = settings.acceptedTransferSyntaxes
  let unknown = settings.anySopClass
  const own = new Set([
    ...settings.privateSopClasses,
    ...settings.acceptedSopClasses.filter(isPlain),
  ])
  const isRejected = (uid: string) => settings.rejectedSopClasses.some(each => like(each, uid))
  const isKnown = (uid: string) =>
    own.has(uid) ||
    (storageSopClasses.has(uid) && settings.acceptedSopClasses.some(each => like(each, uid)))
  const takesTransferSyntax = (uid: string) => patterns.some(pattern => like(pattern, uid))
  return {
    transferSyntaxes() {
      const kept = [...transferSyntaxes.values()].filter(({ kind }) => kind !== 'referenced')
      const named = patterns.filter(pattern => isPlain(pattern) && isUid(pattern))
      return [...new Set([...kept.map(({ uid }) => uid), ...named])]
        .filter(takesTransferSyntax)
        .sort(byComponents)
    },
    acceptTransferSyntaxes(given) {
      patterns = [...given]
    },
    takesTransferSyntax,
    sopClasses: () =>
      [...new Set([...storageSopClasses.keys(), ...own])]
        .filter(uid => isKnown(uid) && !isRejected(uid))
        .sort(byComponents),
    takesSopClass(uid) {
      if (isRejected(uid)) return false
      // A class of the standard that is not among the accepted is refused, not unknown.
      return isKnown(uid) || (unknown && !storageSopClasses.has(uid))
    },
    takesUnknown: () => unknown,
    takeUnknown(taken) {
      unknown = taken
    },
  }
}

const isPlain = (pattern: string): boolean => !/[*?]/.test(pattern)
const isUid = (text: string): boolean => /^[0-9.]{1,64}$/.test(text)

/** 1.2.10 comes behind 1.2.9. */
function byComponents(a: string, b: string): number {
  const [left, right] = [a.split('.'), b.split('.')]
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const difference = Number(left[i]) - Number(right[i])
    if (difference !== 0) return difference
  }
  return left.length - right.length
}
