import type { Described, Schema } from '../../host/http/http.ts'

/** What this door's routes take and give, for the OpenAPI document. */

const text: Schema = { type: 'string' }
const flag: Schema = { type: 'boolean' }
const count: Schema = { type: 'integer', minimum: 0 }
const texts: Schema = { type: 'array', items: text }
const anObject: Schema = { type: 'object' }
const json = (schema: Schema) => ({ 'application/json': schema })
const plain = { 'text/plain': text }
const binary = (type: string) => ({ [type]: {} })
const fields = (properties: Record<string, Schema>, required: string[] = []): Schema => ({
  ...{ type: 'object', properties },
  ...(required.length > 0 && { required }),
})
const bodyOf = (schema: Schema, required = true) => ({ type: 'application/json', schema, required })
const asText = { type: 'text/plain', schema: text }

const formats = { simplify: flag, short: flag, full: flag }
const telling = { 'requested-tags': text, 'response-content': text, short: flag, full: flag }
const job = {
  Synchronous: flag,
  Asynchronous: flag,
  Priority: { type: 'integer' },
  Permissive: flag,
  UserData: {},
}
const find = fields(
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
const resources = fields({ Resources: texts }, ['Resources'])
const archive = {
  type: 'application/json',
  schema: {
    oneOf: [texts, fields({ Resources: texts, Transcode: text, Filename: text, ...job })],
  },
}
const anyLevel = '{patients,studies,series,instances}'
const above = '{patients,studies,series}'
const one = `/${anyLevel}/{id}`

/** Verb and path, where `{a,b}` stands for either; then what there is to say. */
const operations: Readonly<Record<string, Described>> = {
  'GET /system': { summary: 'What this box is and can', answers: json(anObject) },
  'GET /statistics': { summary: 'How much is kept', answers: json(anObject) },
  'GET /plugins': { summary: 'Names of plugins', answers: json(texts) },
  'GET /plugins/explorer.js': {
    summary: 'Always empty',
    answers: binary('application/javascript'),
  },
  'GET /plugins/{id}': { summary: 'One plugin', answers: json(anObject) },
  'GET /tools/{now,now-local}': { summary: 'The clock', answers: plain },
  'GET /tools/generate-uid': {
    summary: 'A new identifier',
    query: { level: text },
    answers: plain,
  },
  'GET /tools/dicom-conformance': { summary: 'The conformance statement', answers: plain },
  'POST /tools/dicom-echo': {
    summary: 'C-ECHO to any node',
    body: bodyOf(
      fields(
        {
          AET: text,
          Host: text,
          Port: count,
          LocalAet: text,
          Timeout: count,
          UseDicomTls: flag,
          CheckFind: flag,
        },
        ['AET', 'Host', 'Port'],
      ),
    ),
    answers: json(anObject),
  },
  'GET /tools/{default-encoding,log-level,log-level-generic,log-level-plugins,log-level-http,log-level-sqlite,log-level-dicom,log-level-jobs,log-level-lua,metrics,unknown-sop-class-accepted}':
    { summary: 'A setting as it is now', answers: plain },
  'PUT /tools/{default-encoding,log-level,log-level-generic,log-level-plugins,log-level-http,log-level-sqlite,log-level-dicom,log-level-jobs,log-level-lua,metrics,unknown-sop-class-accepted}':
    { summary: 'Changes a setting until the next start', body: asText, answers: plain },
  'GET /tools/{accepted-transfer-syntaxes,accepted-sop-classes}': {
    summary: 'What C-STORE takes',
    answers: json(texts),
  },
  'PUT /tools/accepted-transfer-syntaxes': {
    summary: 'Changes what C-STORE takes until the next start',
    body: bodyOf(texts),
    answers: json(texts),
  },
  'GET /tools/metrics-prometheus': { summary: 'Metrics by Orthanc’s names', answers: plain },
  'POST /tools/{reset,shutdown}': { summary: 'Starts again, or stops', answers: json(anObject) },
  'POST /tools/reconstruct': {
    summary: 'Makes the whole catalogue again from the images',
    body: bodyOf(fields({ ReconstructFiles: flag }), false),
    answers: plain,
  },
  'POST /tools/invalidate-tags': { summary: 'Nothing: there are no such files', answers: plain },
  'GET /tools/labels': { summary: 'All labels in use', answers: json(texts) },
  'POST /tools/lookup': {
    summary: 'Resources by a DICOM identifier',
    body: asText,
    answers: json({ type: 'array', items: anObject }),
  },
  'POST /tools/find': { summary: 'Searches', body: bodyOf(find), answers: json({ type: 'array' }) },
  'POST /tools/count-resources': {
    summary: 'Counts what a search would find',
    body: bodyOf(find),
    answers: json(fields({ Count: count })),
  },
  'POST /tools/bulk-content': {
    summary: 'Many resources at once',
    body: bodyOf(
      fields({ Resources: texts, Level: text, Metadata: flag, Short: flag, Full: flag }, [
        'Resources',
      ]),
    ),
    answers: json({ type: 'array', items: anObject }),
  },
  'POST /tools/bulk-delete': {
    summary: 'Removes many resources',
    body: bodyOf(resources),
    answers: plain,
  },
  'GET /tools/{create-archive,create-media,create-media-extended}': {
    summary: 'ZIP of many resources',
    query: { resources: text, transcode: text, filename: text },
    answers: binary('application/zip'),
  },
  'POST /tools/{create-archive,create-media,create-media-extended}': {
    summary: 'ZIP of many resources, at once or as a job',
    body: archive,
    answers: binary('application/zip'),
  },
  'POST /instances': {
    summary: 'Keeps a DICOM file, a ZIP of them, or a form with several',
    body: { type: 'application/dicom', schema: {}, required: true },
    answers: json({ oneOf: [anObject, { type: 'array', items: anObject }] }),
  },
  'GET /{patients,studies,series,instances}': {
    summary: 'Identifiers of a level, or the resources',
    query: { expand: flag, since: count, limit: count, ...telling },
    answers: json({ type: 'array' }),
  },
  [`GET ${one}`]: { summary: 'One resource', query: telling, answers: json(anObject) },
  [`DELETE ${one}`]: { summary: 'Removes a resource and all below it', answers: json(anObject) },
  'GET /instances/{id}/{patient,study,series}': {
    summary: 'What it belongs to',
    query: telling,
    answers: json(anObject),
  },
  'GET /series/{id}/{patient,study}': {
    summary: 'What it belongs to',
    query: telling,
    answers: json(anObject),
  },
  'GET /studies/{id}/patient': {
    summary: 'What it belongs to',
    query: telling,
    answers: json(anObject),
  },
  'GET /patients/{id}/{studies,series,instances}': {
    summary: 'What is below it',
    query: { expand: flag, ...telling },
    answers: json({ type: 'array' }),
  },
  'GET /studies/{id}/{series,instances}': {
    summary: 'What is below it',
    query: { expand: flag, ...telling },
    answers: json({ type: 'array' }),
  },
  'GET /series/{id}/instances': {
    summary: 'What is below it',
    query: { expand: flag, ...telling },
    answers: json({ type: 'array' }),
  },
  [`GET /${above}/{id}/{instances-tags,shared-tags}`]: {
    summary: 'Tags of all instances, or those all agree in',
    query: { ...formats, 'ignore-length': text },
    answers: json(anObject),
  },
  [`GET ${one}/module`]: {
    summary: 'The tags of the level’s module',
    query: formats,
    answers: json(anObject),
  },
  'GET /studies/{id}/module-patient': {
    summary: 'The tags of the patient’s module',
    query: formats,
    answers: json(anObject),
  },
  [`GET ${one}/statistics`]: { summary: 'Sizes and counts', answers: json(anObject) },
  [`POST ${one}/reconstruct`]: {
    summary: 'Reads the main tags again',
    body: bodyOf(fields({ ReconstructFiles: flag, LimitToThisLevelMainDicomTags: flag }), false),
    answers: plain,
  },
  'GET /patients/{id}/protected': { summary: 'Whether it is never evicted', answers: plain },
  'PUT /patients/{id}/protected': {
    summary: 'Protects from being evicted',
    body: asText,
    answers: plain,
  },
  'GET /series/{id}/ordered-slices': {
    summary: 'Slices in the order of space',
    answers: json(anObject),
  },
  'GET /instances/{id}/file': {
    summary: 'The DICOM file',
    query: { transcode: text, filename: text },
    answers: binary('application/dicom'),
  },
  'GET /instances/{id}/{tags,simplified-tags}': {
    summary: 'The dataset as JSON',
    query: { ...formats, 'ignore-length': text, whole: flag },
    answers: json(anObject),
  },
  'GET /instances/{id}/header': {
    summary: 'The File Meta Information',
    query: formats,
    answers: json(anObject),
  },
  'GET /instances/{id}/content': {
    summary: 'The tags at the top of the dataset',
    answers: json(texts),
  },
  'GET /instances/{id}/content/{path}': {
    summary: 'Tags, items, or the bytes of a value',
    answers: { ...json(texts), ...binary('application/octet-stream') },
  },
  'GET /instances/{id}/pdf': { summary: 'The PDF in it', answers: binary('application/pdf') },
  'GET /instances/{id}/frames': {
    summary: 'Numbers of its frames',
    answers: json({ type: 'array', items: count }),
  },
  'GET /instances/{id}/frames/{frame}/{raw,raw.gz}': {
    summary: 'A frame as it is stored',
    answers: binary('application/octet-stream'),
  },
  'POST /instances/{id}/export': {
    summary: 'Writes to a path of this machine: never allowed',
    answers: {},
  },
  [`GET ${one}/metadata`]: {
    summary: 'Names of metadata, or all values',
    query: { expand: flag, numeric: flag },
    answers: json({}),
  },
  [`GET ${one}/metadata/{name}`]: { summary: 'A value', answers: plain },
  [`PUT ${one}/metadata/{name}`]: { summary: 'Writes a value', body: asText, answers: plain },
  [`DELETE ${one}/metadata/{name}`]: { summary: 'Removes a value', answers: plain },
  [`GET ${one}/attachments`]: {
    summary: 'Names of attachments',
    query: { full: flag },
    answers: json({}),
  },
  [`GET ${one}/attachments/{name}`]: { summary: 'What can be asked of one', answers: json(texts) },
  [`GET ${one}/attachments/{name}/{data,compressed-data}`]: {
    summary: 'Its bytes, whole or a range',
    query: { filename: text },
    answers: binary('application/octet-stream'),
  },
  [`GET ${one}/attachments/{name}/{size,compressed-size,md5,compressed-md5,is-compressed}`]: {
    summary: 'A fact about it',
    answers: plain,
  },
  [`GET ${one}/attachments/{name}/info`]: {
    summary: 'All facts about it',
    answers: json(anObject),
  },
  [`PUT ${one}/attachments/{name}`]: {
    summary: 'Attaches bytes',
    body: { type: 'application/octet-stream', schema: {} },
    answers: json(anObject),
  },
  [`DELETE ${one}/attachments/{name}`]: { summary: 'Removes an attachment', answers: plain },
  [`POST ${one}/attachments/{name}/{compress,uncompress,verify-md5}`]: {
    summary: 'How it is stored, and whether it is whole',
    answers: json(anObject),
  },
  [`GET ${one}/labels`]: { summary: 'Its labels', answers: json(texts) },
  [`GET ${one}/labels/{label}`]: { summary: 'Whether it has a label', answers: plain },
  [`PUT ${one}/labels/{label}`]: { summary: 'Gives it a label', answers: plain },
  [`DELETE ${one}/labels/{label}`]: { summary: 'Takes a label away', answers: plain },
  [`GET /${above}/{id}/{archive,media}`]: {
    summary: 'ZIP of it',
    query: { transcode: text, filename: text },
    answers: binary('application/zip'),
  },
  [`POST /${above}/{id}/{archive,media}`]: {
    summary: 'ZIP of it, at once or as a job',
    body: archive,
    answers: binary('application/zip'),
  },
  'GET /changes': {
    summary: 'The change log',
    query: { since: count, limit: count, to: count, type: text, last: flag },
    answers: json(anObject),
  },
  'DELETE /changes': { summary: 'Clears the change log', answers: plain },
  'GET /exports': {
    summary: 'What was sent on request',
    query: { since: count, limit: count, last: flag },
    answers: json(anObject),
  },
  'DELETE /exports': { summary: 'Clears that log', answers: plain },
  'GET /jobs': { summary: 'Jobs', query: { expand: flag }, answers: json({ type: 'array' }) },
  'GET /jobs/{id}': { summary: 'A job and how it stands', answers: json(anObject) },
  'DELETE /jobs/{id}': { summary: 'Forgets a job that is over', answers: plain },
  'POST /jobs/{id}/{cancel,pause,resume,resubmit}': {
    summary: 'Moves a job',
    answers: json(anObject),
  },
  'GET /jobs/{id}/{key}': { summary: 'An output of a job', answers: binary('application/zip') },
  'DELETE /jobs/{id}/{key}': { summary: 'Removes an output', answers: plain },
  'GET /{modalities,peers}': {
    summary: 'Remote nodes or peers',
    query: { expand: flag },
    answers: json({}),
  },
  'GET /{modalities,peers}/{id}': { summary: 'What can be asked of it', answers: json({}) },
  'PUT /{modalities,peers}/{id}': {
    summary: 'Adds or changes it',
    body: bodyOf({ oneOf: [anObject, { type: 'array' }] }),
    answers: plain,
  },
  'DELETE /{modalities,peers}/{id}': { summary: 'Removes it', answers: plain },
  'GET /{modalities,peers}/{id}/configuration': {
    summary: 'Its configuration',
    answers: json(anObject),
  },
  'GET /peers/{id}/system': { summary: 'The peer’s /system', answers: json(anObject) },
  'POST /modalities/{id}/echo': {
    summary: 'C-ECHO',
    body: bodyOf(fields({ Timeout: count, CheckFind: flag }), false),
    answers: json(anObject),
  },
  'POST /{modalities,peers}/{id}/store': {
    summary: 'Sends resources',
    body: bodyOf({ oneOf: [text, texts, fields({ Resources: texts, ...job })] }),
    answers: json(anObject),
  },
  'POST /{modalities,peers}/{id}/store-straight': {
    summary: 'Sends a DICOM file',
    body: { type: 'application/dicom', schema: {} },
    answers: json(anObject),
  },
  'POST /modalities/{id}/query': {
    summary: 'C-FIND, its answers kept',
    body: bodyOf(
      fields({ Level: text, Query: anObject, Normalize: flag, LocalAet: text, Timeout: count }, [
        'Level',
      ]),
    ),
    answers: json(anObject),
  },
  'POST /modalities/{id}/{move,get}': {
    summary: 'C-MOVE or C-GET',
    body: bodyOf(
      fields(
        { Level: text, Resources: { type: 'array', items: anObject }, TargetAet: text, ...job },
        ['Resources'],
      ),
    ),
    answers: json(anObject),
  },
  'POST /modalities/{id}/{find,find-worklist,find-patient,find-study,find-series,find-instance}': {
    summary: 'C-FIND, its answers at once',
    body: bodyOf(anObject),
    answers: json({ type: 'array' }),
  },
  'POST /modalities/{id}/storage-commitment': {
    summary: 'Asks whether images are safe',
    body: bodyOf(fields({ Resources: texts, DicomInstances: { type: 'array' }, Timeout: count })),
    answers: json(anObject),
  },
  'GET /storage-commitment/{id}': { summary: 'What was answered', answers: json(anObject) },
  'POST /storage-commitment/{id}/remove': {
    summary: 'Removes what is safe elsewhere',
    answers: plain,
  },
  'GET /queries': { summary: 'Queries whose answers are kept', answers: json(texts) },
  'GET /queries/{id}': { summary: 'What can be asked of one', answers: json(texts) },
  'DELETE /queries/{id}': { summary: 'Forgets one', answers: plain },
  'GET /queries/{id}/{level,modality}': { summary: 'A fact about it', answers: plain },
  'GET /queries/{id}/query': { summary: 'What was asked', query: formats, answers: json(anObject) },
  'GET /queries/{id}/answers': {
    summary: 'Its answers',
    query: { expand: flag, ...formats },
    answers: json({ type: 'array' }),
  },
  'GET /queries/{id}/answers/{index}': {
    summary: 'What can be asked of an answer',
    answers: json(texts),
  },
  'GET /queries/{id}/answers/{index}/content': {
    summary: 'An answer',
    query: formats,
    answers: json(anObject),
  },
  'POST /queries/{id}/retrieve': {
    summary: 'Fetches what was found',
    body: bodyOf({ oneOf: [text, fields({ TargetAet: text, ...job })] }, false),
    answers: json(anObject),
  },
  'POST /queries/{id}/answers/{index}/retrieve': {
    summary: 'Fetches one answer',
    body: bodyOf({ oneOf: [text, fields({ TargetAet: text, ...job })] }, false),
    answers: json(anObject),
  },
  'POST /queries/{id}/answers/{index}/{query-studies,query-series,query-instances}': {
    summary: 'Asks for what is below an answer',
    body: bodyOf(fields({ Query: anObject, Timeout: count }), false),
    answers: json(anObject),
  },
}

/** The same by verb and path, each spelled out: `GET /studies/{id}`. */
export const described: ReadonlyMap<string, Described> = new Map(
  Object.entries(operations).flatMap(([pattern, says]) =>
    spelledOut(pattern).map(each => [each, { tag: each.split('/')[1]!, ...says }] as const),
  ),
)

/** `{a,b}` is a choice, `{a}` a parameter. */
function spelledOut(pattern: string): string[] {
  const choice = /\{([^{}]*,[^{}]*)\}/.exec(pattern)
  if (!choice) return [pattern]
  const rest = pattern.slice(choice.index + choice[0].length)
  return choice[1]!
    .split(',')
    .flatMap(each => spelledOut(`${pattern.slice(0, choice.index)}${each}${rest}`))
}

/** How Orthanc says no. */
export const refusalSchema: Schema = fields({
  ...{ Details: text, HttpError: text, HttpStatus: count, Message: text, Method: text },
  ...{ OrthancError: text, OrthancStatus: { type: 'integer' }, Uri: text },
})
