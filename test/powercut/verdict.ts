import { datasetOf } from '../samples/part10.ts'
import type { Guest } from './guest.ts'
import { digestOf, type Image, type Ledger } from './ledger.ts'

/** What is wrong, each with the SOP Instance UID or public id it is wrong with. */
export interface Verdict {
  /** Kept, and not found by its UID. */
  lost: string[]
  /** Listed, but its dataset is not what was sent, or it cannot be read. */
  damaged: string[]
  /** Listed, and never sent. */
  strange: string[]
  /** Removed, and back. */
  raised: string[]
  /** Numbers that contradict each other. */
  contradictions: string[]
  listed: number
  /** Images whose bytes were read and compared this time. */
  compared: number
}

export const faultsOf = (verdict: Verdict) =>
  (['lost', 'damaged', 'strange', 'raised', 'contradictions'] as const).flatMap(kind =>
    verdict[kind].map(each => `${kind}: ${each}`),
  )

/**
 * Asks a service that just started what it has. Everything new since the last time is found by its
 * UID and compared byte by byte, with `everything` all of it; the rest must still be listed.
 * Afterwards the ledger knows of each image that was under way how it ended.
 */
export async function judge(guest: Guest, ledger: Ledger, everything: boolean): Promise<Verdict> {
  const ask = async (path: string, init?: RequestInit): Promise<Response> => {
    const response = await fetch(guest.url + path, init)
    if (!response.ok) {
      throw new Error(`${path}: ${response.status} ${await response.text()}`)
    }
    return response
  }
  const json = async <T>(path: string, init?: RequestInit) =>
    (await (await ask(path, init)).json()) as T
  const verdict: Verdict = {
    ...{ lost: [], damaged: [], strange: [], raised: [], contradictions: [] },
    ...{ listed: 0, compared: 0 },
  }

  const listed = new Set(await json<string[]>('/instances'))
  verdict.listed = listed.size
  const { CountInstances } = await json<{ CountInstances: number }>('/statistics')
  if (CountInstances !== listed.size) {
    verdict.contradictions.push(`${listed.size} listed, statistics say ${CountInstances}`)
  }

  await each([...ledger.images.values()], async image => {
    const expected = image.state === 'kept' || image.state === 'asked'
    if (image.compared && expected && !everything && image.id && listed.has(image.id)) {
      if (image.state === 'asked') image.state = 'kept'
      return
    }
    // Gone for good in an earlier round, and not listed since.
    if (image.state === 'removed' && !everything && image.id && !listed.has(image.id)) return
    const found = await json<{ ID: string; Type: string }[]>('/tools/lookup', {
      method: 'POST',
      body: image.sopInstanceUid,
    })
    const id = found.find(each => each.Type === 'Instance')?.ID
    if (id === undefined) {
      if (image.state === 'kept') verdict.lost.push(image.sopInstanceUid)
      if (image.state === 'asked') image.state = 'removed'
      return
    }
    if (!listed.has(id)) {
      verdict.contradictions.push(`${image.sopInstanceUid} is found by its UID and not listed`)
    }
    if (image.state === 'removed') verdict.raised.push(image.sopInstanceUid)
    image.id = id
    await compare(image, id)
  })

  async function compare(image: Image, id: string): Promise<void> {
    verdict.compared++
    try {
      const file = Buffer.from(await (await ask(`/instances/${id}/file`)).arrayBuffer())
      if (digestOf(datasetOf(file)) !== image.digest) verdict.damaged.push(image.sopInstanceUid)
    } catch {
      verdict.damaged.push(image.sopInstanceUid)
    }
    image.compared = true
    if (image.state !== 'removed') image.state = 'kept'
  }

  const known = new Set([...ledger.images.values()].map(image => image.id))
  for (const id of listed) if (!known.has(id)) verdict.strange.push(id)
  return verdict
}

/** Four at a time. */
async function each<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const rest = all.values()
  const worker = async () => {
    for (const one of rest) await work(one)
  }
  await Promise.all([worker(), worker(), worker(), worker()])
}
