import { useSyncExternalStore } from 'react'

/**
 * Where in the pages one is, in the part of the address behind `#`: it survives a reload, can be sent
 * to a colleague, and asks nothing of the server. `#/deliveries?state=parked`.
 */
export interface Place {
  /** `/deliveries` → `['deliveries']`, decoded. */
  steps: readonly string[]
  query: URLSearchParams
}

export function placeOf(hash: string): Place {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2)
  const steps = path.split('/').filter(Boolean).map(decoded)
  return { steps, query: new URLSearchParams(query) }
}

function decoded(step: string): string {
  try {
    return decodeURIComponent(step)
  } catch {
    return step
  }
}

export function hrefTo(
  steps: readonly string[],
  query: Readonly<Record<string, string | undefined>> = {},
): string {
  const given = Object.entries(query).flatMap(([key, value]) => (value ? [[key, value]] : []))
  const search = new URLSearchParams(given as [string, string][]).toString()
  return `#/${steps.map(encodeURIComponent).join('/')}${search ? `?${search}` : ''}`
}

export function usePlace(): Place {
  const hash = useSyncExternalStore(
    call => {
      window.addEventListener('hashchange', call)
      return () => window.removeEventListener('hashchange', call)
    },
    () => window.location.hash,
  )
  return placeOf(hash)
}

export function goTo(href: string): void {
  window.location.hash = href
}

/** Changes what is asked for on this page without a step in the browser's history. */
export function refine(changes: Readonly<Record<string, string | undefined>>): void {
  const { steps, query } = placeOf(window.location.hash)
  const next = { ...Object.fromEntries(query), ...changes }
  window.history.replaceState(null, '', hrefTo(steps, next))
  window.dispatchEvent(new HashChangeEvent('hashchange'))
}
