import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import type { DestinationAnswer, StandingAnswer } from '../../appliance/doors/admin/admin.ts'
import { useStream } from './live.ts'
import type { DeliveryList } from './queries.ts'

/** Lists are asked for anew at most this often while much is sent, ms. */
const pause = 1500

/** Keeps what the page shows of the relay as it is: counts at once, lists soon after. */
export function useRelay(): void {
  const client = useQueryClient()
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])
  const askAnew = (keys: readonly string[]) => {
    for (const key of keys) void client.invalidateQueries({ queryKey: [key] })
  }
  useStream('/api/deliveries/stream', {
    destination: told => {
      const one = told as StandingAnswer
      client.setQueryData<{ destinations: DestinationAnswer[] }>(
        ['destinations'],
        before => before && { destinations: before.destinations.map(each => renewed(each, one)) },
      )
      client.setQueriesData<DeliveryList>(
        { queryKey: ['deliveries'] },
        before =>
          before && {
            ...before,
            destinations: before.destinations.map(each => (each.name === one.name ? one : each)),
          },
      )
      timer.current ??= setTimeout(() => {
        timer.current = undefined
        askAnew(['deliveries', 'review'])
      }, pause)
    },
    plan: () => askAnew(['destinations', 'deliveries', 'rules', 'link']),
  })
}

/** How it stands is told anew; what was told of its settings stays. */
export function renewed(before: DestinationAnswer, one: StandingAnswer): DestinationAnswer {
  if (before.name !== one.name) return before
  const { locked, settings, problems, certificatesEnding, backfill } = before
  return {
    ...one,
    locked,
    ...(settings ? { settings } : {}),
    ...(problems ? { problems } : {}),
    ...(certificatesEnding ? { certificatesEnding } : {}),
    ...(backfill ? { backfill } : {}),
  }
}
