import { useEffect, useRef } from 'react'
import { pathFrom } from './box.ts'
import { inBrowser, listen } from './listening.ts'

/**
 * Server-sent events of the box while the page is seen: a browser has few connections to one box, and
 * a page that nobody looks at gives its own back. What breaks off or falls silent is connected again
 * by itself; `onOpen` is called each time, because what came in between was missed.
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
    let end: (() => void) | undefined
    function look() {
      if (document.hidden) {
        end?.()
        end = undefined
        return
      }
      end ??= listen(
        {
          names: names.split(' '),
          event: (name, data) => latest.current.events[name]?.(JSON.parse(data)),
          opened: () => latest.current.onOpen(),
        },
        inBrowser(pathFrom(path)),
      )
    }
    look()
    document.addEventListener('visibilitychange', look)
    return () => {
      document.removeEventListener('visibilitychange', look)
      end?.()
    }
  }, [path, names])
}
