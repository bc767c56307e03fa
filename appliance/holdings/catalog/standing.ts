import { closeSync, fsyncSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/**
 * What the last run thought of the store's file, beside it: so that a file over which a process died
 * or stumbled is looked at more closely before LMDB has it again. Without it a page that crashes LMDB
 * would crash every start.
 */
export interface Standing {
  /** `unusable`: must not be opened again; `doubted`: is to be read through first. */
  readonly found: 'good' | 'doubted' | 'unusable'
  /** It is opened: should this process die while the machine goes on, it is doubted. */
  inUse(): void
  /** Durable when it returns, where the disk takes anything at all. */
  say(doubt: 'doubted' | 'unusable'): void
  /** Closed in order: good, unless it was said otherwise. */
  closed(): void
}

export function standingOf(folder: string): Standing {
  const path = join(folder, 'in-use')
  const boot = attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim())
  const last = attempt(() => readFileSync(path, 'utf8'))
  let said: 'doubted' | 'unusable' | undefined

  function write(text: string): void {
    attempt(() => {
      const file = openSync(path, 'w', 0o640)
      try {
        writeSync(file, text)
        if (said) fsyncSync(file)
      } finally {
        closeSync(file)
      }
    })
  }

  return {
    found:
      last === 'unusable'
        ? 'unusable'
        : last === 'doubted' || (last !== undefined && last === boot)
          ? 'doubted'
          : 'good',
    inUse: () => write(boot ?? ''),
    say(doubt) {
      if (said === 'unusable') return
      said = doubt
      write(doubt)
    },
    closed() {
      if (!said) attempt(() => rmSync(path, { force: true }))
    },
  }
}

/** A disk that takes or gives nothing must not keep the store from being opened. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}
