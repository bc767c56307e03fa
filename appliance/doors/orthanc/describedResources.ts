import type { Described } from '../../host/http/http.ts'
import {
  above,
  anObject,
  asText,
  binary,
  bodyOf,
  converting,
  count,
  fields,
  flag,
  formats,
  json,
  one,
  plain,
  telling,
  text,
  texts,
} from './describing.ts'

/** Routes of resources and what belongs to them. */
export const resourcesDescribed: Readonly<Record<string, Described>> = {
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
    query: { ...converting, filename: text },
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
}
