import assert from 'node:assert/strict'
import { eventually } from '../../peers/programs.ts'
import type { Server } from './peer.ts'

/**
 * A finished job without what is different each time, what Orthanc tells only since 1.12, and how
 * much it had counted as sent before it was not.
 */
export async function jobOf({ url }: Server, id: string): Promise<Record<string, unknown>> {
  const job = await eventually(async () => {
    const told = (await (await fetch(`${url}/jobs/${id}`)).json()) as Record<string, unknown>
    return ['Success', 'Failure'].includes(String(told.State)) ? told : undefined
  }, 'the end of a job')
  const { ID, CompletionTime, CreationTime, Timestamp, EffectiveRuntime, ErrorDetails, ...rest } =
    job
  for (const time of [CompletionTime, CreationTime, Timestamp]) {
    assert.match(String(time), /^\d{8}T\d{6}\.\d{6}$/)
  }
  assert.equal(ID, id)
  assert.equal(typeof EffectiveRuntime, 'number')
  assert.equal(typeof ErrorDetails, 'string')
  const {
    Content,
    ErrorPayload: _,
    ...about
  } = rest as {
    Content: Record<string, unknown>
    ErrorPayload?: unknown
  }
  const { ArchiveSize: __, Details: ___, TargetAet: ____, Size: _____, ...more } = Content
  const { Resources: ______, ...content } = more
  return { ...about, Content: content }
}
