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
const search = {
  Level: { enum: ['Patient', 'Study', 'Series', 'Instance'] },
  Query: { type: 'object', additionalProperties: text },
  ...{ CaseSensitive: flag, Labels: texts },
  LabelsConstraint: { enum: ['All', 'Any', 'None'] },
  MetadataQuery: { type: 'object', additionalProperties: text },
  ...{ ParentPatient: text, ParentStudy: text, ParentSeries: text },
}
export const counted = fields(search, ['Level', 'Query'])
export const find = fields(
  {
    ...search,
    ...{ Expand: flag, ResponseContent: texts, RequestedTags: texts },
    ...{ Limit: count, Since: count, Short: flag, Full: flag },
    OrderBy: {
      type: 'array',
      items: fields({ Type: text, Key: text, Direction: { enum: ['ASC', 'DESC'] } }, [
        ...['Type', 'Key', 'Direction'],
      ]),
    },
  },
  ['Level', 'Query'],
)
const quality = { type: 'integer', minimum: 1, maximum: 100 }
/** Into which transfer syntax, in arguments. */
export const converting = { transcode: text, 'lossy-quality': quality }
/** The same in bodies. */
export const converted = { Transcode: text, LossyQuality: quality }
const archiveOptions = {
  ...{ ...converted, Filename: text, Utf8: flag, Extended: flag },
  ...job,
}
export const resources = fields({ Resources: texts }, ['Resources'])
export const archive = bodyOf(fields(archiveOptions))
export const archiveOfMany = bodyOf({
  oneOf: [texts, fields({ Resources: texts, ...archiveOptions }, ['Resources'])],
})
const services =
  'Echo Find FindWorklist Get Move Store StorageCommitment NAction EventReport Transcoding'
export const modality = {
  oneOf: [
    { type: 'array', minItems: 3, maxItems: 4 },
    fields(
      {
        ...{ AET: text, Host: text, Port: { type: ['integer', 'string'] }, Manufacturer: text },
        ...Object.fromEntries(services.split(' ').map(each => [`Allow${each}`, flag])),
        ...{ UseDicomTls: flag, LocalAet: text, Timeout: count },
        RetrieveMethod: { enum: ['SystemDefault', 'C-MOVE', 'C-GET'] },
      },
      ['AET', 'Host', 'Port'],
    ),
  ],
}
export const peer = {
  oneOf: [
    { ...texts, minItems: 1, maxItems: 3 },
    fields(
      {
        ...{ Url: text, Username: text, Password: text, Timeout: count, Pkcs11: flag },
        HttpHeaders: { type: 'object', additionalProperties: text },
        ...{ CertificateFile: text, CertificateKeyFile: text, CertificateKeyPassword: text },
      },
      ['Url'],
    ),
  ],
}
export const anyLevel = '{patients,studies,series,instances}'
export const above = '{patients,studies,series}'
export const one = `/${anyLevel}/{id}`
