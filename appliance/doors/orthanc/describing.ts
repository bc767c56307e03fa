import type { Schema } from '../../host/http/http.ts'

/** Schemas that the descriptions of several routes share. */

export const text: Schema = { type: 'string' }
export const flag: Schema = { type: 'boolean' }
export const count: Schema = { type: 'integer', minimum: 0 }
export const texts: Schema = { type: 'array', items: text }
export const anObject: Schema = { type: 'object' }
export const json = (schema: Schema) => ({ 'application/json': schema })
export const plain = { 'text/plain': text }
export const binary = (type: string) => ({ [type]: {} })
export const fields = (properties: Record<string, Schema>, required: string[] = []): Schema => ({
  ...{ type: 'object', properties },
  ...(required.length > 0 && { required }),
})
export const bodyOf = (schema: Schema, required = true) => ({
  type: 'application/json',
  schema,
  required,
})
export const asText = { type: 'text/plain', schema: text }

export const formats = { simplify: flag, short: flag, full: flag }
export const telling = { 'requested-tags': text, 'response-content': text, short: flag, full: flag }
export const job = {
  Synchronous: flag,
  Asynchronous: flag,
  Priority: { type: 'integer' },
  Permissive: flag,
  UserData: {},
}
export const find = fields(
  {
    Level: { enum: ['Patient', 'Study', 'Series', 'Instance'] },
    Query: { type: 'object', additionalProperties: text },
    ...{ CaseSensitive: flag, Expand: flag, ResponseContent: texts, RequestedTags: texts },
    ...{ Limit: count, Since: count, Labels: texts, Short: flag, Full: flag },
    LabelsConstraint: { enum: ['All', 'Any', 'None'] },
    MetadataQuery: { type: 'object', additionalProperties: text },
    ...{ ParentPatient: text, ParentStudy: text, ParentSeries: text },
    OrderBy: {
      type: 'array',
      items: fields({ Type: text, Key: text, Direction: { enum: ['ASC', 'DESC'] } }, [
        ...['Type', 'Key', 'Direction'],
      ]),
    },
  },
  ['Level', 'Query'],
)
export const resources = fields({ Resources: texts }, ['Resources'])
export const archive = {
  type: 'application/json',
  schema: {
    oneOf: [texts, fields({ Resources: texts, Transcode: text, Filename: text, ...job })],
  },
}
export const anyLevel = '{patients,studies,series,instances}'
export const above = '{patients,studies,series}'
export const one = `/${anyLevel}/{id}`
