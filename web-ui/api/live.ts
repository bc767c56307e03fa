import { useEffect, useRef } from 'react'
import { pathFrom } from './box.ts'

/**
 * Server-sent events of the box while the page is seen: a browser has few connections to one box, and
 * a page that nobody looks at gives its own back. The browser connects again by itself; `onOpen` is
 * called each time, because what came in between was missed.
 */
export function useStream(
  path: string,
  events: Readonly<Record<string, (data: unknown) => void>>,
  onOpen: () => void = () => {},
): void {
  const latest = useRef({ events, onOpen })
  latest.current = { events, onOpen }
  const names = Object.keys(events).join(' ')
  useEffect(() => {
    let source: EventSource | undefined
    function listen() {
      if (document.hidden) {
        source?.close()
        source = undefined
        return
      }
      if (source) return
      source = new EventSource(pathFrom(path))
      source.onopen = () => latest.current.onOpen()
      for (const name of names.split(' ')) {
        source.addEventListener(name, event => {
          latest.current.events[name]?.(JSON.parse((event as MessageEvent<string>).data))
        })
      }
    }
    listen()
    document.addEventListener('visibilitychange', listen)
    return () => {
      document.removeEventListener('visibilitychange', listen)
      source?.close()
    }
  }, [path, names])
}
