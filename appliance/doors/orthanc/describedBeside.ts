import type { Described, Schema } from '../../host/http/http.ts'
import { anObject, binary, bodyOf, count, fields, flag, json, text, texts } from './describing.ts'

/** Routes that stand beside Orthanc's in the same document: our own API and the probes. */

const list = (name: string): Schema => fields({ [name]: { type: 'array', items: anObject } })
const some = { destination: text, study: text, instance: text }
const reasoned = bodyOf(fields({ ...some, reason: text }, ['reason']))
const done = json(anObject)
const events = binary('text/event-stream')
const settings = bodyOf(anObject)
/** As far as it is the same for every kind and state. */
const destination = fields(
  {
    ...{ name: text, kind: text, state: text, locked: flag, settings: anObject, why: anObject },
    ...{ counts: anObject, bytes: anObject, failures: count, oldestSeconds: { type: 'number' } },
    problems: { type: 'array', items: fields({ path: text, message: text }, ['path', 'message']) },
    certificatesEnding: {
      type: 'array',
      items: fields({ file: text, days: { type: 'integer' } }, ['file', 'days']),
    },
    backfill: fields({ since: text, owed: count }, ['since', 'owed']),
  },
  ['name', 'locked'],
)

const operations: Readonly<Record<string, Described>> = {
  'GET /api/openapi.json': { summary: 'This document', answers: done },
  'GET /healthz': { summary: 'Whether it is alive', answers: json(fields({ alive: flag })) },
  'GET /readyz': { summary: 'Whether an image would be taken, or why not', answers: done },
  'GET /metrics': { summary: 'Figures for Prometheus', answers: { 'text/plain': text } },
  'GET /api/connections': {
    summary: 'Associations, the newest first, and callers that were refused',
    query: { limit: count },
    answers: json(list('connections')),
  },
  'GET /api/connections/stream': { summary: 'Associations as they end', answers: events },
  'GET /api/deliveries': {
    summary: 'How destinations stand, and what is owed to them',
    query: {
      ...{ ...some, series: text, state: text, reason: text, since: text, after: text },
      priority: { enum: ['stat', 'normal', 'off-peak'] },
      limit: { type: 'integer', minimum: 1, maximum: 1000 },
    },
    answers: done,
  },
  'GET /api/deliveries/stream': {
    summary: 'How destinations stand, as it changes',
    answers: events,
  },
  'GET /api/deliveries/studies/{id}': {
    summary: 'Counts of one study by destination and state',
    answers: done,
  },
  'POST /api/deliveries/retry': {
    summary: 'Parked and waiting ones are owed at once',
    body: bodyOf(fields(some), false),
    answers: done,
  },
  'POST /api/deliveries/withdraw': {
    summary: 'They will not be sent',
    body: reasoned,
    answers: done,
  },
  'GET /api/review': { summary: 'What is held for a person', answers: done },
  'POST /api/review/release': {
    summary: 'What was held is owed',
    body: bodyOf(fields(some)),
    answers: done,
  },
  'POST /api/review/reject': {
    summary: 'What was held will not be sent',
    body: reasoned,
    answers: done,
  },
  'GET /api/destinations': {
    summary: 'Destinations and how they stand',
    answers: json(
      fields({ destinations: { type: 'array', items: destination } }, ['destinations']),
    ),
  },
  'POST /api/destinations': { summary: 'Adds a destination', body: settings, answers: done },
  'GET /api/destinations/{name}': { summary: 'One destination', answers: json(destination) },
  'PUT /api/destinations/{name}': {
    summary: 'Changes a destination',
    body: settings,
    answers: done,
  },
  'DELETE /api/destinations/{name}': { summary: 'Removes a destination', answers: done },
  'POST /api/destinations/{name}/pause': { summary: 'Sends nothing more there', answers: done },
  'POST /api/destinations/{name}/resume': { summary: 'Sends there again', answers: done },
  'POST /api/destinations/{name}/probe': {
    summary: 'Whether it answers, or why not',
    answers: json(fields({ reachable: flag, why: text }, ['reachable'])),
  },
  'POST /api/destinations/{name}/backfill': {
    summary: 'What came before is owed to it too',
    body: bodyOf(fields({ since: text }, ['since'])),
    answers: done,
  },
  'GET /api/link': { summary: 'How the link may be used', answers: done },
  'PUT /api/link': { summary: 'Changes how the link may be used', body: settings, answers: done },
  'GET /api/rules': { summary: 'Rules in their order', answers: json(list('rules')) },
  'POST /api/rules': {
    summary: 'Adds a rule, last or before another',
    query: { before: text },
    body: settings,
    answers: done,
  },
  'PUT /api/rules': {
    summary: 'Puts rules in order',
    body: bodyOf(fields({ order: texts }, ['order'])),
    answers: json(list('rules')),
  },
  'POST /api/rules/trial': {
    summary: 'What rules would do with studies that are here',
    body: bodyOf(fields({ rule: {}, studies: texts, days: count })),
    answers: done,
  },
  'GET /api/rules/{name}': { summary: 'One rule', answers: done },
  'PUT /api/rules/{name}': { summary: 'Changes a rule', body: settings, answers: done },
  'DELETE /api/rules/{name}': { summary: 'Removes a rule', answers: done },
  'GET /api/notices': { summary: 'What nodes are still to be told', answers: done },
  'DELETE /api/notices/{id}': { summary: 'Tells it no more', answers: done },
  'GET /api/archive': { summary: 'How the archive, its scrub and rebuild stand', answers: done },
  'POST /api/archive/scrub': { summary: 'Reads every image again', answers: done },
  'POST /api/archive/rebuild': {
    summary: 'Makes the whole catalogue again from the images',
    answers: done,
  },
  'GET /api/damaged': {
    summary: 'Images that are not what was received',
    answers: json(list('damaged')),
  },
  'GET /api/quarantine': {
    summary: 'Newcomers under a UID that was kept already',
    answers: json(list('quarantine')),
  },
  'GET /api/quarantine/{blob}/file': {
    summary: 'The file of one',
    answers: binary('application/dicom'),
  },
  'POST /api/quarantine/{blob}/release': {
    summary: 'Puts it in the place of the first',
    answers: json(fields({ instance: text, outcome: text })),
  },
  'DELETE /api/quarantine/{blob}': { summary: 'Discards it', answers: done },
}

export const describedBeside: ReadonlyMap<string, Described> = new Map(
  Object.entries(operations).map(([operation, says]) => [operation, { tag: 'api', ...says }]),
)
