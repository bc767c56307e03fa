import type { JobContext } from '../../duties/jobs/jobs.ts'
import { Fault, faultOf } from '../../faults.ts'
import type { Instance, PublicId } from '../../holdings/catalog/catalog.ts'
import { type Call, textBody } from './arguments.ts'
import type { Desk } from './desk.ts'
import { Refusal } from './errors.ts'
import { descriptionOfJobs, isObject, knownResources } from './jobsBodies.ts'
import type { Json, JsonObject } from './json.ts'

/** Jobs that send one instance after the other somewhere. */

export interface Sending {
  /** As they were asked for. */
  parents: readonly PublicId[]
  instances: readonly PublicId[]
  permissive: boolean
}

interface Checkpoint {
  done: number
  failed: number
  more: Json
}

/** What a body of a store route says: an identifier, a list of them, or an object with `Resources`. */
export async function sendingBody(
  desk: Desk,
  c: Call,
): Promise<{ body: JsonObject; parents: PublicId[]; instances: PublicId[] }> {
  const given = parsed((await textBody(c, desk.limits.formBytes)).trim())
  const body = isObject(given) ? given : {}
  if (isObject(given) && given.Resources === undefined) {
    throw new Refusal('BadFileFormat', 'Missing field in JSON: "Resources"')
  }
  const resources = isObject(given) ? given.Resources : typeof given === 'string' ? [given] : given
  const strange = Array.isArray(resources) && resources.find(id => !isIdentifier(id))
  if (strange !== undefined && strange !== false) {
    throw new Refusal('BadFileFormat', 'This string is not a valid Orthanc identifier')
  }
  const parents = knownResources(desk, resources)
  const instances = new Set<PublicId>()
  for (const id of parents) {
    for (const instance of desk.archive.catalog.instancesOf(id)) instances.add(instance.id)
  }
  return { body, parents, instances: [...instances] }
}

const isIdentifier = (id: unknown) =>
  typeof id === 'string' && /^[0-9a-f]{8}(-[0-9a-f]{8}){4}$/.test(id)

function parsed(text: string): unknown {
  if (isIdentifier(text)) return text
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw new Refusal('BadFileFormat', 'Must provide a JSON value')
  }
}

/** What all such jobs tell; `more` is what its kind adds. */
export function sendingContent({ parents, instances }: Sending, failed: number): JsonObject {
  return {
    Description: descriptionOfJobs,
    FailedInstancesCount: failed,
    InstancesCount: instances.length,
    ParentResources: parents.length > 0 ? parents : undefined,
  }
}

/** So many instances are read from the catalogue at a time. */
const batchSize = 200

/**
 * Sends from the checkpoint on, batch by batch, counting what became of each. `send` yields an
 * undefined for each instance that went, else why it did not; what it throws means that none of the
 * rest goes now. Unless the job is permissive, the first that does not go ends it with its fault.
 */
export async function sendEach(
  desk: Desk,
  { description, checkpoint, stop, tell }: JobContext<Sending>,
  content: (failed: number, more: Json) => JsonObject,
  send: (
    batch: readonly Instance[],
    tally: (more: Json) => void,
  ) => AsyncIterable<Fault | undefined>,
): Promise<{ failed: number; more: Json }> {
  const { instances, permissive } = description
  const at = { done: 0, failed: 0, more: null as Json, ...(checkpoint as Partial<Checkpoint>) }
  const settle = (fault: Fault | undefined, count = 1) => {
    if (stop.aborted) throw new Fault('cancelled', 'the job was stopped')
    if (fault && !permissive) {
      tell({ content: content(at.failed + count, at.more) })
      throw fault
    }
    at.done += count
    if (fault) at.failed += count
    tell({
      progress: at.done / Math.max(instances.length, 1),
      content: content(at.failed, at.more),
      checkpoint: { ...at },
    })
  }
  while (at.done < instances.length) {
    const batch: Instance[] = []
    for (const id of instances.slice(at.done, at.done + batchSize)) {
      const instance = desk.archive.catalog.instance(id)
      if (!instance) break
      batch.push(instance)
    }
    if (batch.length === 0) {
      settle(new Fault('not-found', 'an instance was removed before it was sent'))
      continue
    }
    try {
      const tally = (more: Json) => {
        at.more = more
      }
      for await (const fault of send(batch, tally)) settle(fault)
    } catch (error) {
      if (stop.aborted || !permissive) throw error
      settle(faultOf(error), instances.length - at.done)
    }
  }
  return { failed: at.failed, more: at.more }
}
