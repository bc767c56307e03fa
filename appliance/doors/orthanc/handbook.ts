import type { Schema } from '../../host/http/http.ts'
import { escaped, pageOf } from './handbookPage.ts'

type Operation = Schema & {
  summary: string
  tags?: readonly string[]
  parameters?: readonly { name: string; in: string; required?: boolean; schema: Schema }[]
  requestBody?: { required: boolean; content: Record<string, { schema: Schema }> }
  responses: Record<string, { content?: Record<string, { schema: Schema }> }>
}

/** What the chapters are about, in their order; those that are not named here come behind. */
const chapters: Readonly<Record<string, string>> = {
  api: 'This box: what goes where, how it stands, what wants attention',
  instances: 'Instances: images, their files, tags and frames',
  series: 'Series',
  studies: 'Studies',
  patients: 'Patients',
  tools: 'Tools: finding, many at once, the running box',
  system: 'What this box is, and how much it holds',
  changes: 'What happened, in its order',
  exports: 'What was sent',
  jobs: 'Long work',
  modalities: 'DICOM nodes, and what they promised',
  queries: 'Questions to nodes, and their answers',
  peers: 'Other servers of this API',
}

/** Tags too small for a chapter of their own. */
const within: Readonly<Record<string, string>> = {
  'favicon.ico': 'system',
  plugins: 'system',
  statistics: 'system',
  'storage-commitment': 'modalities',
}

/**
 * The OpenAPI document as one page for people: chapter by chapter every route with its arguments, its
 * body and its answers. It needs nothing from elsewhere and is read without scripts, too.
 */
export function handbookOf(document: Schema): string {
  const { title, version } = document.info as { title: string; version: string }
  const paths = document.paths as Record<string, Record<string, Operation>>
  const byChapter = new Map<string, string[]>(Object.keys(chapters).map(each => [each, []]))
  for (const [path, verbs] of Object.entries(paths)) {
    for (const [verb, operation] of Object.entries(verbs)) {
      const own = operation.tags?.[0] ?? 'system'
      const tag = within[own] ?? own
      const chapter = byChapter.get(tag) ?? []
      chapter.push(operationHtml(verb, path, operation))
      byChapter.set(tag, chapter)
    }
  }
  const filled = [...byChapter].filter(([, all]) => all.length > 0)
  return pageOf({
    title: `${title} handbook`,
    version,
    contents: filled
      .map(
        ([tag, all]) =>
          `<li><a href="#${escaped(tag)}">${escaped(tag)}</a> <small>${all.length}</small></li>`,
      )
      .join('\n'),
    chapters: filled
      .map(
        ([tag, all]) =>
          `<section id="${escaped(tag)}"><h2>${escaped(chapters[tag] ?? tag)}</h2>\n${all.join('\n')}</section>`,
      )
      .join('\n'),
  })
}

function operationHtml(verb: string, path: string, operation: Operation): string {
  const { summary, parameters = [], requestBody, responses } = operation
  const of = (place: string) => parameters.filter(each => each.in === place)
  const parts = [
    fieldsHtml('In the path', of('path')),
    fieldsHtml('Arguments', of('query')),
    contentHtml(requestBody?.required ? 'Body' : 'Body, if any', requestBody?.content),
    contentHtml('Answer', responses['200']?.content),
  ].filter(each => each !== '')
  return `<details id="${escaped(`${verb}${path}`)}"><summary><b class="${escaped(verb)}">${escaped(verb)}</b> <code>${brokenPath(path)}</code> <span>${escaped(summary)}</span></summary>
<div>${parts.length > 0 ? parts.join('\n') : '<p>Takes nothing, answers without words.</p>'}</div></details>`
}

/** A long path may go on in the next line behind each slash. */
const brokenPath = (path: string): string => escaped(path).replaceAll('/', '/<wbr>')

function fieldsHtml(
  heading: string,
  all: readonly { name: string; required?: boolean; schema: Schema }[],
): string {
  if (all.length === 0) return ''
  const rows = all.map(({ name, schema, required }) => fieldHtml(name, schema, required ?? false))
  return `<h3>${heading}</h3><ul>${rows.join('')}</ul>`
}

function contentHtml(
  heading: string,
  content: Record<string, { schema: Schema }> | undefined,
): string {
  const all = Object.entries(content ?? {})
  if (all.length === 0) return ''
  return all
    .map(
      ([type, { schema }]) =>
        `<h3>${heading} <code>${escaped(type)}</code></h3>${shapeHtml(schema) || `<p>${escaped(typeOf(schema))}</p>`}`,
    )
    .join('\n')
}

function fieldHtml(name: string, schema: Schema, required: boolean): string {
  const says = [
    typeOf(schema),
    required ? '' : 'optional',
    schema.default === undefined || isLong(schema.default)
      ? ''
      : `${JSON.stringify(schema.default)} unless told`,
  ].filter(each => each !== '')
  const about = typeof schema.description === 'string' ? ` ${escaped(schema.description)}` : ''
  return `<li><code>${escaped(name)}</code> <i>${escaped(says.join(', '))}</i>${about}${shapeHtml(schema)}</li>`
}

const isLong = (value: unknown): boolean => JSON.stringify(value).length > 40

/** What stands within objects, within lists of them, and in each of several choices. */
function shapeHtml(schema: Schema): string {
  const choices = choicesOf(schema)
  if (choices.length > 0) {
    const shown = choices.map(each => ({ name: typeOf(each), html: shapeHtml(each) }))
    if (shown.every(({ html }) => html === '')) return ''
    return shown.map(({ name, html }) => `<p>either ${escaped(name)}</p>${html}`).join('')
  }
  if (isSchema(schema.items)) return shapeHtml(schema.items)
  const properties = Object.entries((schema.properties ?? {}) as Record<string, Schema>)
  if (properties.length === 0) return ''
  const required = new Set((schema.required ?? []) as string[])
  return `<ul>${properties.map(([name, each]) => fieldHtml(name, each, required.has(name))).join('')}</ul>`
}

const choicesOf = (schema: Schema) => (schema.oneOf ?? schema.anyOf ?? []) as readonly Schema[]

const isSchema = (value: unknown): value is Schema => typeof value === 'object' && value !== null

/** A type in words: `list of texts`. */
function typeOf(schema: Schema, many = false): string {
  const choices = choicesOf(schema)
  if (choices.length > 0) return [...new Set(choices.map(each => typeOf(each, many)))].join(' or ')
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (Array.isArray(schema.enum)) return schema.enum.map(each => JSON.stringify(each)).join(' | ')
  if (schema.type === 'array') {
    return `${many ? 'lists' : 'list'} of ${isSchema(schema.items) ? typeOf(schema.items, true) : 'anything'}`
  }
  const word = words[String(schema.type)]
  if (!word) return 'anything'
  return `${word}${many ? 's' : ''}${rangeOf(schema)}`
}

const words: Readonly<Record<string, string>> = {
  string: 'text',
  boolean: 'Boolean',
  integer: 'whole number',
  number: 'number',
  object: 'object',
}

function rangeOf({ minimum, maximum, exclusiveMinimum }: Schema): string {
  const isSmall = (bound: unknown) => typeof bound === 'number' && Math.abs(bound) < 2 ** 53 - 1
  const least = isSmall(minimum) ? ` from ${minimum}` : ''
  const above = isSmall(exclusiveMinimum) ? ` above ${exclusiveMinimum}` : ''
  return `${least}${above}${isSmall(maximum) ? ` to ${maximum}` : ''}`
}
