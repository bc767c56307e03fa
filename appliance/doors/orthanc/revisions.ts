import type { Call } from './arguments.ts'
import type { Desk } from './desk.ts'
import { Refusal } from './errors.ts'

/** What can be changed by several, with the revision that the next writer must know. */
export interface Revised {
  revision: number
  md5: string
}

export const etagOf = (revision: number, md5: string): string => `"${revision}-${md5}"`

/** 304 when the caller already has it. */
export function isUnchanged(call: Call, etag: string): Response | undefined {
  return call.req.header('if-none-match') === etag
    ? new Response(null, { status: 304, headers: { ETag: etag } })
    : undefined
}

/** Under `checkRevisions`, a change must name by `If-Match` what it replaces. */
export function expectRevision(call: Call, desk: Desk, before: Revised | undefined): void {
  if (!desk.settings.checkRevisions) return
  const match = call.req.header('if-match')
  if (match !== undefined && !/^"?\d+-[0-9a-f]*"?$/.test(match)) {
    throw new Refusal('ParameterOutOfRange', 'The "If-Match" header must be a revision')
  }
  const current = before && etagOf(before.revision, before.md5)
  if (
    current === undefined
      ? match === undefined
      : match?.replaceAll('"', '') === current.slice(1, -1)
  )
    return
  throw new Refusal('Revision')
}
