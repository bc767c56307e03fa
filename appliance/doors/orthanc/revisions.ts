import type { Call } from './arguments.ts'
import type { Desk } from './desk.ts'
import { Refusal } from './errors.ts'

/** What can be changed by several, with the revision that the next writer must know. */
export interface Revised {
  revision: number
  md5: string
}

export const etagOf = (revision: number, md5: string): string => `"${revision}-${md5}"`

/** 304 when the caller already has it. Refusal: ParameterOutOfRange for what is no ETag of ours. */
export function isUnchanged(call: Call, etag: string): Response | undefined {
  return revisionIn(call, 'If-None-Match') === unquoted(etag)
    ? new Response(null, { status: 304, headers: { ETag: etag } })
    : undefined
}

/**
 * A change that names by `If-Match` what it replaces replaces nothing else; under `checkRevisions`
 * it must name it. Refusals: Revision, and ParameterOutOfRange for what is no ETag of ours.
 */
export function expectRevision(call: Call, desk: Desk, before: Revised | undefined): void {
  const match = revisionIn(call, 'If-Match')
  const { checkRevisions } = desk.settings
  if (before === undefined) {
    if (checkRevisions && match !== undefined) throw new Refusal('Revision')
  } else if (match === undefined) {
    if (checkRevisions) throw new Refusal('Revision')
  } else if (match !== unquoted(etagOf(before.revision, before.md5))) {
    throw new Refusal('Revision')
  }
}

/** What a header names, with or without quotes; as Orthanc, nothing else than one revision. */
function revisionIn(call: Call, header: 'If-Match' | 'If-None-Match'): string | undefined {
  const given = call.req.header(header)
  if (given === undefined) return undefined
  const revision = unquoted(given.trim())
  if (/^\d+-/.test(revision)) return revision
  throw new Refusal('ParameterOutOfRange', `The "${header}" header must contain an ETag`)
}

const unquoted = (etag: string) => etag.replace(/^"|"$/g, '')
