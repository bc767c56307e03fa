import { Fault } from '../../faults.ts'

/** The disk's own errors as faults; everything else as it is. */
export async function onDisk<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw storageFault(error)
  }
}

/** One of the disk's errors as a fault; a fault, or what is no error of the disk, as it is. */
export function storageFault(error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException).code
  if (error instanceof Fault || code === undefined) return error
  const detail = `${code} on ${(error as NodeJS.ErrnoException).syscall ?? 'the disk'}`
  if (code === 'ENOENT') return new Fault('not-found', 'no such blob', { cause: error })
  const full = code === 'ENOSPC' || code === 'EDQUOT'
  const busy = code === 'EMFILE' || code === 'ENFILE'
  return new Fault(full ? 'storage-full' : busy ? 'busy' : 'storage-failed', detail, {
    cause: error,
  })
}
