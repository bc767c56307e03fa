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

export interface ChangeLog {
  /** Commits `writes` with the changes that tell of them. */
  tell(facts: readonly { kind: ChangeKind; level: Level; id: PublicId }[], writes: Writes): void
  /** Gives the unused numbers below the ceiling back: only when nothing more is told. */
  close(): void
}

export function createChangeLog(store: Store, now: () => Date, onChange?: OnChange): ChangeLog {
  let ceiling = store.get<number>(tables.fact('ceiling')) ?? 0
  let seq = ceiling

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
      if (!committed) seq -= facts.length
      else if (onChange) for (const change of told) onChange(change)
    },
    close() {
      ceiling = seq
      store.commit({ put: [[tables.fact('ceiling'), ceiling]] })
    },
  }
}
