import type { Archive } from '../../holdings/archive/archive.ts'
import type { Instance } from '../../holdings/catalog/catalog.ts'
import { status } from '../../standard/dimse/dimse.ts'
import type { Kind, Notice } from './notice.ts'
import { commitmentElements, type Reference } from './references.ts'
import { storageCommitmentInstance, storageCommitmentSopClass } from './services.ts'

/** Event types of the push model, PS3.4 J.3.3.1. */
export const commitmentEvent = { complete: 1, failuresExist: 2 } as const

/** What a requester is owed: a report on these. */
export interface Promised {
  transactionUid: string
  references: readonly Reference[]
}

/** Reports of storage commitment, and how far they are. */
export interface CommitmentReports extends Kind {
  /** How many references were looked at, of how many; and whether that goes on now. */
  judged(notice: Notice): { done: number; of: number; goesOn: boolean }
}

/** What was found of one reference; `held` when its blob was read and is what was received. */
type Verdict = Reference & ({ held: Pick<Instance, 'id' | 'blob'> } | { reason: number })

/**
 * Reports of storage commitment (PS3.4 J.3.3). Each instance's blob is read and compared with its
 * digests before "committed" is said of it. When the report has to be repeated, only what is no
 * longer the same blob, or was found damaged since, is read again; after a restart all.
 */
export function commitmentReports(
  archive: Archive,
  settled?: (notice: Notice, how: 'taken' | 'dropped') => void,
): CommitmentReports {
  const { catalog } = archive
  const verdicts = new Map<string, Verdict[]>()
  /** What is being looked at now. */
  const judging = new Map<string, Verdict[]>()
  const keyOf = ({ to, id }: Notice) => JSON.stringify([to, id])

  async function judge(reference: Reference): Promise<Verdict> {
    const found = catalog
      .lookup(reference.sopInstanceUid)
      .filter(({ level }) => level === 'Instance')
      .flatMap(({ id }) => catalog.instance(id) ?? [])
      .filter(({ sopInstanceUid }) => sopInstanceUid === reference.sopInstanceUid)
    if (found.length === 0) return { ...reference, reason: status.noSuchObjectInstance }
    const ofClass = found.filter(({ sopClassUid }) => sopClassUid === reference.sopClassUid)
    if (ofClass.length === 0) return { ...reference, reason: status.classInstanceConflict }
    for (const { id, blob } of ofClass) {
      // It may go while it is read.
      const state = await archive.inspect(id).catch(() => 'missing')
      if (state === 'intact') return { ...reference, held: { id, blob } }
    }
    return { ...reference, reason: status.processingFailure }
  }

  /** Still the blob that was read, and not found damaged since. */
  function holds(verdict: Verdict, damaged: ReadonlySet<unknown>): boolean {
    if (!('held' in verdict)) return false
    const { id, blob } = verdict.held
    return catalog.instance(id)?.blob === blob && !damaged.has(blob)
  }

  return {
    sopClassUid: storageCommitmentSopClass,
    role: { scu: false, scp: true },

    async compose(notice) {
      const { transactionUid, references } = notice.about as Promised
      const known = verdicts.get(keyOf(notice))
      const damaged = new Set(known && archive.damaged().map(({ blob }) => blob))
      const found: Verdict[] = []
      judging.set(keyOf(notice), found)
      try {
        for (const [at, reference] of references.entries()) {
          const before = known?.[at]
          found.push(before && holds(before, damaged) ? before : await judge(reference))
        }
      } finally {
        judging.delete(keyOf(notice))
      }
      verdicts.set(keyOf(notice), found)
      const committed = found.filter(each => 'held' in each)
      const failures = found.filter(each => 'reason' in each)
      return {
        request: {
          operation: 'N-EVENT-REPORT',
          sopClassUid: storageCommitmentSopClass,
          sopInstanceUid: storageCommitmentInstance,
          eventTypeId: failures.length ? commitmentEvent.failuresExist : commitmentEvent.complete,
        },
        elements: commitmentElements({ transactionUid, references: committed, failures }),
      }
    },

    settled(notice, how) {
      settled?.(notice, how)
      verdicts.delete(keyOf(notice))
    },

    judged(notice) {
      const now = judging.get(keyOf(notice))
      const found = now ?? verdicts.get(keyOf(notice))
      const { references } = notice.about as Promised
      return { done: found?.length ?? 0, of: references.length, goesOn: now !== undefined }
    },
  }
}
