import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type {
  ConnectionRecord,
  DeliveryAnswer,
  DestinationAnswer,
  EchoAnswer,
  LinkReport,
  LinkSettings,
  NodeAnswer,
  ProbeAnswer,
  RefusedCaller,
  RuleAnswer,
  StandingAnswer,
  TrialReport,
} from '../../appliance/doors/admin/admin.ts'
import { ask, type Refused } from './box.ts'
import type { Schema } from './schema.ts'

/** What the pages ask the box; each key begins with what it is of, so that it can be asked anew. */
export function useAsked<T>(
  key: readonly unknown[],
  path: string,
  options: {
    /** ms, or what tells them of the last answer; false: no more. */
    every?: number | ((last: T | undefined) => number | false)
    enabled?: boolean
    also?: readonly number[]
    once?: boolean
  } = {},
) {
  const { every, enabled = true, also, once } = options
  return useQuery<T, Refused>({
    queryKey: key,
    queryFn: ({ signal }) => ask<T>(path, { signal, ...(also ? { also } : {}) }),
    enabled,
    ...(every === undefined
      ? {}
      : {
          refetchInterval:
            typeof every === 'number' ? every : query => every(query.state.data as T | undefined),
        }),
    ...(once ? { staleTime: Number.POSITIVE_INFINITY } : {}),
  })
}

export interface Readiness {
  ready: boolean
  obstacles: string[]
}

export interface ArchiveState {
  receiving: boolean
  damaged: number
  quarantined: number
  rebuild: { state: string }
}

export interface Statistics {
  CountStudies: number
  CountInstances: number
  TotalDiskSize: string
}

export interface ConnectionList {
  connections: ConnectionRecord[]
  refusedCallers: RefusedCaller[]
}

export interface LinkState {
  locked: boolean
  settings: LinkSettings
  report: LinkReport
}

export interface DeliveryList {
  destinations: StandingAnswer[]
  deliveries: DeliveryAnswer[]
  next?: string
}

export interface Notice {
  id: string
  to: { node: string } | { aet: string; address: string }
  kind: string
  since: string
  failures: number
  why?: string
}

/** As Orthanc's API tells of a study. */
export interface Study {
  ID: string
  MainDicomTags: Record<string, string | undefined>
  PatientMainDicomTags: Record<string, string | undefined>
}

export const useReadiness = () =>
  useAsked<Readiness>(['readiness'], '/readyz', { every: 5000, also: [503] })
export const useArchive = () =>
  useAsked<ArchiveState>(['archive'], '/api/archive', { every: 10_000 })
export const useStatistics = () =>
  useAsked<Statistics>(['statistics'], '/statistics', { every: 10_000 })
export const useConnections = (limit: number) =>
  useAsked<ConnectionList>(['connections', limit], `/api/connections?limit=${limit}`, {
    every: 30_000,
  })
export const useDestinations = () =>
  useAsked<{ destinations: DestinationAnswer[] }>(['destinations'], '/api/destinations', {
    every: 10_000,
  })
export const useRules = () =>
  useAsked<{ rules: RuleAnswer[] }>(['rules'], '/api/rules', { every: 30_000 })
export const useLink = () => useAsked<LinkState>(['link'], '/api/link', { every: 5000 })
export const useNodes = () =>
  useAsked<{ nodes: NodeAnswer[] }>(['nodes'], '/api/nodes', { every: 30_000 })
export const useNotices = () =>
  useAsked<{ notices: Notice[] }>(['notices'], '/api/notices', { every: 30_000 })
export const useDeliveries = (query: string, enabled = true) =>
  useAsked<DeliveryList>(['deliveries', query], `/api/deliveries?${query}`, {
    every: 10_000,
    enabled,
  })
export const useReview = (query: string) =>
  useAsked<Omit<DeliveryList, 'destinations'>>(['review', query], `/api/review?${query}`, {
    every: 10_000,
  })
export const useStudy = (id: string) =>
  useAsked<Study>(['study', id], `/studies/${encodeURIComponent(id)}`, { once: true })

/** The body that an operation of the API takes, as the box describes it. */
export function useBodySchema(operation: string): { schema?: Schema; error: Refused | null } {
  const [verb = '', path = ''] = operation.split(' ')
  const { data, error } = useAsked<Document>(['openapi'], '/api/openapi.json', { once: true })
  const schema =
    data?.paths[path]?.[verb.toLowerCase()]?.requestBody?.content['application/json']?.schema
  return schema ? { schema, error } : { error }
}

interface Document {
  paths: Record<
    string,
    Record<string, { requestBody?: { content: Record<string, { schema: Schema }> } }>
  >
}

/** Tells the box something, then asks anew what it may have changed. */
export function useTell<Given, Told = unknown>(
  tell: (given: Given) => { method: string; path: string; body?: unknown },
  changes: readonly string[],
) {
  const client = useQueryClient()
  return useMutation<Told, Refused, Given>({
    mutationFn: given => {
      const { path, ...options } = tell(given)
      return ask<Told>(path, options)
    },
    onSettled: () =>
      Promise.all(changes.map(each => client.invalidateQueries({ queryKey: [each] }))),
  })
}

/** Which deliveries are meant; at least one of them. */
export interface Selection {
  destination?: string
  study?: string
  instance?: string
}

const relayed = ['deliveries', 'destinations', 'review']

export const useDeliveryAction = () =>
  useTell<Selection & { action: 'retry' | 'pause' | 'resume' | 'withdraw'; reason?: string }>(
    ({ action, ...body }) => ({ method: 'POST', path: `/api/deliveries/${action}`, body }),
    relayed,
  )
export const useReviewAction = () =>
  useTell<Selection & { action: 'release' | 'reject'; reason?: string }>(
    ({ action, ...body }) => ({ method: 'POST', path: `/api/review/${action}`, body }),
    relayed,
  )
export const useDestinationAction = () =>
  useTell<{ name: string; action: 'pause' | 'resume' }>(
    ({ name, action }) => ({ method: 'POST', path: destinationPath(name, action) }),
    relayed,
  )
export const useProbe = () =>
  useTell<{ name: string }, { reachable: boolean; why?: { detail: string; advice: string } }>(
    ({ name }) => ({ method: 'POST', path: destinationPath(name, 'probe') }),
    ['destinations'],
  )
export const useBackfill = () =>
  useTell<{ name: string; since: string }>(
    ({ name, since }) => ({
      ...{ method: 'POST', path: destinationPath(name, 'backfill'), body: { since } },
    }),
    relayed,
  )
export const useSaveDestination = (instead?: string) =>
  useTell<object>(
    body =>
      instead === undefined
        ? { method: 'POST', path: '/api/destinations', body }
        : { method: 'PUT', path: destinationPath(instead), body },
    relayed,
  )
export const useRemoveDestination = () =>
  useTell<{ name: string }>(
    ({ name }) => ({ method: 'DELETE', path: destinationPath(name) }),
    relayed,
  )
export const useSaveRule = (instead?: string) =>
  useTell<object>(
    body =>
      instead === undefined
        ? { method: 'POST', path: '/api/rules', body }
        : { method: 'PUT', path: `/api/rules/${encodeURIComponent(instead)}`, body },
    ['rules'],
  )
export const useRemoveRule = () =>
  useTell<{ name: string }>(
    ({ name }) => ({ method: 'DELETE', path: `/api/rules/${encodeURIComponent(name)}` }),
    ['rules'],
  )
export const useOrderRules = () =>
  useTell<{ order: string[] }>(body => ({ method: 'PUT', path: '/api/rules', body }), ['rules'])
export const useTrial = () =>
  useTell<{ rule?: string | object; days?: number; studies?: string[] }, TrialReport>(
    body => ({ method: 'POST', path: '/api/rules/trial', body }),
    [],
  )
export const useSaveLink = () =>
  useTell<object>(body => ({ method: 'PUT', path: '/api/link', body }), ['link'])

export const useEcho = () =>
  useTell<{ name: string }, EchoAnswer>(
    ({ name }) => ({ method: 'POST', path: `${nodePath(name)}/echo` }),
    ['connections'],
  )
export const useCapabilities = () =>
  useTell<{ name: string }, ProbeAnswer>(
    ({ name }) => ({ method: 'POST', path: `${nodePath(name)}/probe` }),
    ['connections'],
  )
export const useSaveNode = (instead?: string) =>
  useTell<object>(
    body =>
      instead === undefined
        ? { method: 'POST', path: '/api/nodes', body }
        : { method: 'PUT', path: nodePath(instead), body },
    ['nodes', 'connections'],
  )
export const useRemoveNode = () =>
  useTell<{ name: string }>(({ name }) => ({ method: 'DELETE', path: nodePath(name) }), ['nodes'])

const nodePath = (name: string) => `/api/nodes/${encodeURIComponent(name)}`

const destinationPath = (name: string, action?: string) =>
  `/api/destinations/${encodeURIComponent(name)}${action ? `/${action}` : ''}`

/** Studies by a part of the patient's name, the patient ID or the accession number; 20 of each at most. */
export function useFindStudies() {
  return useMutation<string[], Refused, { words: string }>({
    async mutationFn({ words }) {
      // What stands for anything in a query is typed by who means it.
      const queries = [
        { PatientName: `*${words}*` },
        { PatientID: `${words}*` },
        { AccessionNumber: words },
      ]
      const found = await Promise.all(
        queries.map(Query =>
          ask<string[]>('/tools/find', {
            ...{ method: 'POST', body: { Level: 'Study', Query, Limit: 20, CaseSensitive: false } },
          }),
        ),
      )
      return [...new Set(found.flat())]
    },
  })
}
