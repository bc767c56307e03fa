import type { PublicId } from '../../holdings/catalog/catalog.ts'
import { json } from './answers.ts'
import type { Desk } from './desk.ts'
import { Refusal, refusalOfJob } from './errors.ts'
import type { Json, JsonObject } from './json.ts'

/** What the bodies of all job-making routes have in common. */
export interface JobWish {
  synchronous: boolean
  /** Higher ones first. */
  priority: number
  /** Go on when one instance fails. */
  permissive: boolean
  userData?: Json
}

/** Of `Synchronous` and `Asynchronous` the former counts. */
export function jobWishOf(body: JsonObject): JobWish {
  const synchronous = truth(body, 'Synchronous') ?? !(truth(body, 'Asynchronous') ?? false)
  return {
    synchronous,
    priority: whole(body, 'Priority') ?? 0,
    permissive: truth(body, 'Permissive') ?? false,
    ...(body.UserData !== undefined && { userData: body.UserData }),
  }
}

/**
 * Does the work as a job and answers as was wished: at once with where the job is, or when it is
 * over with its content or its error.
 */
export async function answerByJob(
  desk: Desk,
  { synchronous, priority, userData }: JobWish,
  work: { type: string; description: unknown; content: JsonObject },
): Promise<Response> {
  const submission = { ...work, priority, ...(userData !== undefined && { userData }) }
  if (!synchronous) {
    const { id } = await desk.jobs.submit(submission)
    return json({ ID: id, Path: `/jobs/${id}` })
  }
  const job = await desk.jobs.complete(submission)
  if (job.failure) throw refusalOfJob(job.type, job.failure)
  return json(job.content as Json)
}

export const descriptionOfJobs = 'REST API'

/** Fields of job bodies: what is of the wrong type is a bad file to Orthanc. */
export function truth(body: JsonObject, name: string): boolean | undefined {
  return field(body, name, 'Boolean', value => typeof value === 'boolean') as boolean | undefined
}

export function whole(body: JsonObject, name: string): number | undefined {
  return field(body, name, 'Integer', Number.isSafeInteger) as number | undefined
}

/** A number that may not be negative, such as seconds. */
export function count(body: JsonObject, name: string): number | undefined {
  const value = whole(body, name)
  if (value !== undefined && value < 0) {
    throw new Refusal('BadFileFormat', `Unsigned integer value expected in field: ${name}`)
  }
  return value
}

export function words(body: JsonObject, name: string): string | undefined {
  return field(body, name, 'String', value => typeof value === 'string') as string | undefined
}

function field(
  body: JsonObject,
  name: string,
  type: string,
  is: (value: unknown) => boolean,
): unknown {
  const value = Object.hasOwn(body, name) ? body[name] : undefined
  if (value !== undefined && !is(value)) {
    throw new Refusal('BadFileFormat', `${type} value expected in field: ${name}`)
  }
  return value
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A list of Orthanc identifiers of resources that are here. */
export function knownResources(desk: Desk, given: unknown): PublicId[] {
  if (!Array.isArray(given) || given.some(id => typeof id !== 'string')) {
    throw new Refusal('BadFileFormat', 'Expected a list of strings (Orthanc identifiers)')
  }
  const ids = given as PublicId[]
  if (ids.some(id => desk.archive.catalog.levelOf(id) === undefined)) {
    throw new Refusal('UnknownResource')
  }
  return ids
}
