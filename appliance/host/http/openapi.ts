/** What an OpenAPI document says of one operation beyond its path and verb. */
export interface Described {
  summary: string
  /** Query arguments: name → what its schema says. */
  query?: Readonly<Record<string, Schema>>
  body?: { type: string; schema: Schema; required?: boolean }
  /** Content types of a 200, with the schema of each. */
  answers?: Readonly<Record<string, Schema>>
  tag?: string
}

export type Schema = Readonly<Record<string, unknown>>

/** A route as the application has it: `:name` stands for one step, `:name{…}` for a pattern. */
export interface Served {
  method: string
  path: string
}

/**
 * An OpenAPI 3.1 document of exactly the routes given: what nobody described is in it with its verb
 * and path alone, and what is not served is not in it whatever was described.
 */
export function openApiOf(options: {
  title: string
  version: string
  routes: readonly Served[]
  describe: (route: Served) => Described | undefined
  /** Of every operation: what a refusal looks like. */
  refusal: (route: Served) => { type: string; schema: Schema }
}): Schema {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const route of options.routes) {
    if (!verbs.has(route.method)) continue
    const path = templateOf(route.path)
    paths[path] ??= {}
    paths[path][route.method.toLowerCase()] ??= operation(
      { ...route, path },
      options.describe({ ...route, path }),
      options.refusal({ ...route, path }),
    )
  }
  return {
    openapi: '3.1.0',
    info: { title: options.title, version: options.version },
    paths: Object.fromEntries(Object.entries(paths).sort(([a], [b]) => (a < b ? -1 : 1))),
  }
}

const verbs: ReadonlySet<string> = new Set(['GET', 'POST', 'PUT', 'DELETE'])

/** `/a/:b/c/:d{.+}` → `/a/{b}/c/{d}`. */
export const templateOf = (path: string): string =>
  path.replace(/:(\w+)(?:\{[^}]*\})?/g, (_, name: string) => `{${name}}`)

function operation(
  { method, path }: Served,
  described: Described | undefined,
  refusal: { type: string; schema: Schema },
): Schema {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    ...{ name, in: 'path', required: true },
    schema: { type: 'string' },
  }))
  const inQuery = Object.entries(described?.query ?? {}).map(([name, schema]) => ({
    ...{ name, in: 'query', allowEmptyValue: true },
    schema,
  }))
  const { body, answers = {} } = described ?? {}
  const parameters = [...inPath, ...inQuery]
  return {
    operationId: `${method.toLowerCase()}${path.replace(/[{}]/g, '').replaceAll(/[^A-Za-z0-9]+(\w)/g, (_, letter: string) => letter.toUpperCase())}`,
    summary: described?.summary ?? `${method} ${path}`,
    ...(described?.tag && { tags: [described.tag] }),
    ...(parameters.length > 0 && { parameters }),
    ...(body && {
      requestBody: {
        required: body.required ?? false,
        content: { [body.type]: { schema: body.schema } },
      },
    }),
    responses: {
      200: {
        description: 'Done.',
        ...(Object.keys(answers).length > 0 && { content: contentOf(answers) }),
      },
      default: { description: 'Refused.', content: contentOf({ [refusal.type]: refusal.schema }) },
    },
  }
}

const contentOf = (answers: Readonly<Record<string, Schema>>): Schema =>
  Object.fromEntries(Object.entries(answers).map(([type, schema]) => [type, { schema }]))
