import type { Change, ChangeKind, Level, PublicId } from './catalog.ts'
import type { OnChange } from './register.ts'
import type { Store, Writes } from './store.ts'
import { levelDigit, type StoredChange, tables } from './tables.ts'

/**
 * Numbers are given out up to a ceiling that was made durable long before: after a crash, which may
 * take the last changes with it, numbering goes on behind the ceiling, so that a number once told to
 * anyone never means another thing.
 */
const headroom = 20_000
const raiseWithin = 10_000
/** As many of the last changes at least are remembered. */
const remembered = 1_024

export interface ChangeLog {
  /** Commits `writes` with the changes that tell of them. */
  tell(facts: readonly { kind: ChangeKind; level: Level; id: PublicId }[], writes: Writes): void
  /** What was told is told no more: the catalogue was cleared. */
  forget(): void
  /** Gives the unused numbers below the ceiling back: only when nothing more is told. */
  close(): void
}

/** What was told lately, so that those who follow the log at its end read no disk. */
export interface Told {
  /** The changes behind a number, oldest first; `undefined` where it reaches further back than memory. */
  since(after: number, limit: number): Change[] | undefined
}

export function createChangeLog(
  store: Store,
  now: () => Date,
  onChange?: OnChange,
): ChangeLog & Told {
  let ceiling = store.get<number>(tables.fact('ceiling')) ?? 0
  let seq = ceiling
  /** All that was told behind `from`. */
  let recent: Change[] = []
  let from = seq

  function remember(told: readonly Change[]): void {
    for (const change of told) recent.push(change)
    if (recent.length < 2 * remembered) return
    from = recent[recent.length - remembered - 1]!.seq
    recent = recent.slice(-remembered)
  }

  function raise(): void {
    ceiling = seq + headroom
    store.commit({ put: [[tables.fact('ceiling'), ceiling]] })
  }

  return {
    tell(facts, writes) {
      const at = now().toISOString()
      if (seq + facts.length + raiseWithin > ceiling) raise()
      const told: Change[] = facts.map(fact => ({ seq: ++seq, ...fact, at }))
      const committed = store.commit({
        ...writes,
        put: [
          ...(writes.put ?? []),
          ...told.map(
            change =>
              [
                tables.change(change.seq),
                [change.kind, levelDigit(change.level), change.id, at] satisfies StoredChange,
              ] as const,
          ),
          [tables.fact('seq'), seq],
        ],
      })
      if (!committed) {
        seq -= facts.length
        return
      }
      remember(told)
      if (onChange) for (const change of told) onChange(change)
    },
    since(after, limit) {
      if (after < from) return undefined
      // Those who follow the log ask for its last few.
      let begin = recent.length
      while (begin > 0 && recent[begin - 1]!.seq > after) begin--
      return recent.slice(begin, begin + limit)
    },
    forget() {
      recent = []
      from = seq
    },
    close() {
      ceiling = seq
      store.commit({ put: [[tables.fact('ceiling'), ceiling]] })
    },
  }
}
