import { useMutation, useQueryClient } from '@tanstack/react-query'
import { ask, type Refused } from './box.ts'
import { useAsked } from './queries.ts'

/** A study that another node has, as it answered (C-FIND); what it left out is missing. */
export interface FoundStudy {
  /** Where the answer is kept, until the box is started again. */
  answer: string
  /** Whether the study is here already. */
  here: boolean
  tags: Readonly<Record<string, string | undefined>>
}

/** What is asked for; what is left out may be anything. */
export type StudyQuery = Readonly<Record<string, string>>

/** Told with each study, besides what it is asked by. */
const told = [
  ...['PatientName', 'PatientID', 'AccessionNumber', 'StudyDate', 'StudyDescription'],
  ...['ModalitiesInStudy', 'NumberOfStudyRelatedInstances'],
]

/** More are not shown: then the question should be a closer one. */
export const shownAtMost = 100

export interface Found {
  studies: FoundStudy[]
  /** How many the node answered with. */
  count: number
}

/** Asks a node for studies (C-FIND), and the archive which of them are here. */
export function useAskNode(node: string) {
  return useMutation<Found, Refused, StudyQuery>({
    async mutationFn(given) {
      const { ID } = await ask<{ ID: string }>(`/modalities/${encodeURIComponent(node)}/query`, {
        method: 'POST',
        body: {
          Level: 'Study',
          Query: { ...Object.fromEntries(told.map(tag => [tag, ''])), ...given },
        },
      })
      const answers = await ask<FoundStudy['tags'][]>(`/queries/${ID}/answers?expand&simplify`)
      const shown = answers.slice(0, shownAtMost)
      const uids = shown.flatMap(each => each.StudyInstanceUID ?? [])
      const here = new Set(
        uids.length === 0
          ? []
          : (
              await ask<{ MainDicomTags: FoundStudy['tags'] }[]>('/tools/find', {
                method: 'POST',
                body: {
                  Level: 'Study',
                  Expand: true,
                  Query: { StudyInstanceUID: uids.join('\\') },
                },
              })
            ).map(each => each.MainDicomTags.StudyInstanceUID),
      )
      return {
        count: answers.length,
        studies: shown.map((tags, at) => ({
          answer: `/queries/${ID}/answers/${at}`,
          here: here.has(tags.StudyInstanceUID),
          tags,
        })),
      }
    },
  })
}

export interface Job {
  ID: string
  State: 'Pending' | 'Running' | 'Success' | 'Failure' | 'Paused' | 'Retry'
  /** Percent. */
  Progress: number
  ErrorDescription: string
  ErrorDetails?: string
}

/** Begins to fetch what one answer names; answers the job that does it. */
export const useFetch = () =>
  useMutation<{ ID: string }, Refused, { answer: string }>({
    mutationFn: ({ answer }) =>
      ask(`${answer}/retrieve`, { method: 'POST', body: { Asynchronous: true } }),
  })

const goesOn = new Set<Job['State']>(['Pending', 'Running', 'Paused', 'Retry'])

/** How a job stands, asked each second until it is over. */
export function useJob(id: string | undefined) {
  return useAsked<Job>(['job', id], `/jobs/${id}`, {
    enabled: id !== undefined,
    every: last => (last === undefined || goesOn.has(last.State) ? 1000 : false),
  })
}

export function useCancelJob() {
  const client = useQueryClient()
  return useMutation<unknown, Refused, { id: string }>({
    mutationFn: ({ id }) => ask(`/jobs/${id}/cancel`, { method: 'POST', body: {} }),
    onSettled: (_, __, { id }) => client.invalidateQueries({ queryKey: ['job', id] }),
  })
}
