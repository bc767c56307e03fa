import { z } from 'zod'
import type { Problem } from '../../duties/forward/forward.ts'
import { Fault } from '../../faults.ts'

/** Fault: `request-malformed`, with everything that is wrong. */
export function read<Schema extends z.ZodType>(
  schema: Schema,
  given: unknown,
): Defined<z.output<Schema>> {
  const verified = schema.safeParse(given)
  if (verified.success) return verified.data as Defined<z.output<Schema>>
  const problems = verified.error.issues.map(issue => `${issue.path.join('.')} ${issue.message}`)
  throw new Fault('request-malformed', problems.join('; ').trim())
}

/** Zod leaves out what was not given, which its types do not say. */
type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> }

/** The body as JSON; none at all asks for nothing in particular. Fault: `request-malformed`. */
export async function bodyOf(request: { text(): Promise<string> }): Promise<unknown> {
  const text = await request.text()
  if (text.trim() === '') return {}
  try {
    return JSON.parse(text)
  } catch {
    throw new Fault('request-malformed', 'the body is not JSON')
  }
}

/** What is wrong with settings that were given; nothing was saved. */
export function refused(problems: readonly Problem[]): Response {
  const { code, advice } = new Fault('settings-refused')
  const detail = problems.map(({ path, message }) => (path ? `${path}: ${message}` : message))
  return Response.json({ code, detail: detail.join('; '), advice, problems }, { status: 400 })
}

/** A point in time: ISO 8601, or only its date (UTC); ms. */
export const moment = z
  .string()
  .refine(given => /^\d{4}-\d\d-\d\d/.test(given) && !Number.isNaN(Date.parse(given)), {
    error: 'is a date like 2026-03-01 or a time like 2026-03-01T08:00:00Z',
  })
  .transform(given => Date.parse(given))
