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
  return [{ path: path.map(String).join('.'), message: plainly(issue) }]
}

const depth = (issues: readonly z.core.$ZodIssue[]) =>
  Math.max(0, ...issues.map(each => each.path.length))

/** The messages that Zod makes itself are for programmers; those that a setting brings are not touched. */
const zodsOwn = /^(Invalid (input|option|string)|Too (small|big)|Unrecognized key)/

const kinds: Readonly<Record<string, string>> = {
  string: 'is a text',
  number: 'is a number',
  int: 'is a whole number',
  boolean: 'is true or false',
  array: 'is a list',
  object: 'is a group of settings',
  record: 'is a group of settings',
}

function plainly(issue: z.core.$ZodIssue): string {
  const { message } = issue
  if (!zodsOwn.test(message)) return message
  switch (issue.code) {
    case 'invalid_type':
      if (message.endsWith('received undefined')) return 'is needed'
      return kinds[issue.expected] ?? message
    case 'too_small':
      if (issue.origin === 'array') return 'names at least one'
      if (issue.origin === 'string') return 'may not be empty'
      return `is ${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}`
    case 'too_big':
      if (issue.origin === 'string') return `has at most ${issue.maximum} characters`
      return `is ${issue.inclusive ? 'at most' : 'less than'} ${issue.maximum}`
    case 'invalid_value':
      return `is one of: ${issue.values.join(', ')}`
    case 'unrecognized_keys':
      return `there is no setting called ${issue.keys.map(key => `"${key}"`).join(', ')}`
    case 'invalid_union':
      return 'is missing, or has no form that is taken'
    default:
      return message
  }
}
