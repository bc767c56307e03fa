/**
 * The signal that cuts a connection: at `stop` itself until it stands, and from then on some seconds
 * after `stop`, so that what is under way may finish.
 */
export function graceAfter(stop: AbortSignal, seconds: number) {
  const cut = new AbortController()
  let standing = false
  let timer: NodeJS.Timeout | undefined
  const onStop = () => {
    if (standing) timer ??= setTimeout(() => cut.abort(), seconds * 1000)
    else cut.abort()
  }
  stop.addEventListener('abort', onStop)
  if (stop.aborted) onStop()
  return {
    cut: cut.signal,
    /** The connection stands. */
    begin() {
      standing = true
      if (stop.aborted) onStop()
    },
    end() {
      stop.removeEventListener('abort', onStop)
      clearTimeout(timer)
    },
  }
}
