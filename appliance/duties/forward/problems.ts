import type { z } from 'zod'

/** What is wrong with something that was given, and where in it: `when.all.0.tags.Modalty`. */
export interface Problem {
  path: string
  message: string
}

/** Every problem, those of a choice between forms included. */
export function problemsOf(error: z.ZodError): Problem[] {
  return error.issues.flatMap(issue => flattened(issue, []))
}

function flattened(issue: z.core.$ZodIssue, above: readonly PropertyKey[]): Problem[] {
  const path = [...above, ...issue.path]
  // Of several forms, the one that comes closest is what was meant.
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const deepest = issue.errors.toSorted((one, other) => depth(other) - depth(one))[0] ?? []
    if (depth(deepest) > 0) return deepest.flatMap(each => flattened(each, path))
  }
  return [{ path: path.map(String).join('.'), message: issue.message }]
}

const depth = (issues: readonly z.core.$ZodIssue[]) =>
  Math.max(0, ...issues.map(each => each.path.length))
