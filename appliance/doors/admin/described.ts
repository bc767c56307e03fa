import { z } from 'zod'
import { forwardSettings } from '../../duties/forward/forward.ts'
import { nodeSettings } from '../../duties/nodes/nodes.ts'
import type { Described, Schema } from '../../host/http/http.ts'
import { listing, named, selection, withReason } from './deliveries.ts'
import { past } from './destinations.ts'
import { order, place, trial } from './rules.ts'

/**
 * What our own API takes and gives, for its OpenAPI document, by verb and path. Bodies and arguments
 * are made from the schemas that check them.
 */

/** JSON Schema of what a request may say. */
function schemaOf(schema: z.ZodType): Schema {
  const { $schema: _, ...said } = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    reused: 'inline',
  })
  return said
}

const json = (schema: z.ZodType) => ({ 'application/json': schemaOf(schema) })
const body = (schema: z.ZodType, required = true) => ({
  type: 'application/json',
  schema: schemaOf(schema),
  required,
})
const queryOf = (schema: z.ZodType): Readonly<Record<string, Schema>> =>
  (schemaOf(schema).properties ?? {}) as Record<string, Schema>

const anything = z.looseObject({})
const list = (name: string, of: z.ZodType = anything) => json(z.object({ [name]: z.array(of) }))
const done = json(anything)
const events = { 'text/event-stream': {} }

const { destinations, rules, link } = forwardSettings.shape
const destination = body(destinations.unwrap().element)
const rule = body(rules.unwrap().element)

/** As far as it is the same for every kind and state. */
const standing = z.object({
  name: z.string(),
  locked: z.boolean().describe('Whether it is set in the configuration file.'),
  kind: z.string().optional(),
  state: z.string().optional(),
  settings: anything.optional().describe('Its settings, secrets masked.'),
  why: anything.optional(),
  counts: anything.optional(),
  bytes: anything.optional(),
  failures: z.number().int().nonnegative().optional(),
  oldestSeconds: z.number().optional(),
  problems: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  certificatesEnding: z.array(z.object({ file: z.string(), days: z.number().int() })).optional(),
  peerCertificateEnds: z.string().optional().describe('When the certificate it showed last ends.'),
  backfill: z.object({ since: z.string(), owed: z.number().int().nonnegative() }).optional(),
})

const node = body(nodeSettings)
const knownNode = z.object({ name: z.string(), locked: z.boolean(), settings: anything })
const echoed = z.object({ answered: z.boolean(), why: anything.optional() })

const operations: Readonly<Record<string, Described>> = {
  'GET /healthz': {
    summary: 'Whether it is alive',
    answers: json(z.object({ alive: z.boolean() })),
  },
  'GET /readyz': { summary: 'Whether an image would be taken, or why not', answers: done },
  'GET /metrics': { summary: 'Figures for Prometheus', answers: { 'text/plain': {} } },
  'GET /api/connections': {
    summary: 'Associations, the newest first, and callers that were refused',
    query: { limit: { type: 'integer', minimum: 0 } },
    answers: list('connections'),
  },
  'GET /api/connections/stream': {
    summary: 'Associations as they end; after 15 seconds without any, the event “alive”',
    answers: events,
  },
  'GET /api/deliveries': {
    summary: 'How destinations stand, and what is owed to them',
    query: queryOf(listing),
    answers: json(
      z.object({
        destinations: z.array(anything),
        deliveries: z.array(anything),
        next: z.string().optional().describe('Asks for the page after this one.'),
      }),
    ),
  },
  'GET /api/deliveries/stream': {
    summary: 'How destinations stand, as it changes; after 15 seconds without, the event “alive”',
    answers: events,
  },
  'GET /api/deliveries/studies/{id}': {
    summary: 'Counts of one study by destination and state',
    answers: done,
  },
  'POST /api/deliveries/retry': {
    summary: 'Parked and waiting ones are owed at once',
    body: body(selection, false),
    answers: done,
  },
  'POST /api/deliveries/withdraw': {
    summary: 'They will not be sent',
    body: body(withReason),
    answers: done,
  },
  'GET /api/review': {
    summary: 'What is held for a person',
    query: queryOf(listing.omit({ state: true, reason: true })),
    answers: done,
  },
  'POST /api/deliveries/pause': {
    summary: 'Sends nothing of these until they are resumed; they stay owed',
    body: body(named),
    answers: done,
  },
  'POST /api/deliveries/resume': {
    summary: 'What was paused is in turn again',
    body: body(named),
    answers: done,
  },
  'POST /api/review/release': {
    summary: 'What was held is owed',
    body: body(named),
    answers: done,
  },
  'POST /api/review/reject': {
    summary: 'What was held will not be sent',
    body: body(withReason),
    answers: done,
  },
  'GET /api/destinations': {
    summary: 'Destinations and how they stand',
    answers: list('destinations', standing),
  },
  'POST /api/destinations': { summary: 'Adds a destination', body: destination, answers: done },
  'GET /api/destinations/{name}': { summary: 'One destination', answers: json(standing) },
  'PUT /api/destinations/{name}': {
    summary: 'Changes a destination',
    body: destination,
    answers: json(standing),
  },
  'DELETE /api/destinations/{name}': { summary: 'Removes a destination', answers: done },
  'POST /api/destinations/{name}/pause': { summary: 'Sends nothing more there', answers: done },
  'POST /api/destinations/{name}/resume': { summary: 'Sends there again', answers: done },
  'POST /api/destinations/{name}/probe': {
    summary: 'Whether it answers, or why not',
    answers: json(z.object({ reachable: z.boolean(), why: z.string().optional() })),
  },
  'POST /api/destinations/{name}/backfill': {
    summary: 'What came before is owed to it too',
    body: body(past),
    answers: done,
  },
  'GET /api/link': { summary: 'How the link may be used', answers: done },
  'PUT /api/link': {
    summary: 'Changes how the link may be used',
    body: body(link.unwrap()),
    answers: done,
  },
  'GET /api/rules': { summary: 'Rules in their order', answers: list('rules') },
  'POST /api/rules': {
    summary: 'Adds a rule, last or before another',
    query: queryOf(place),
    body: rule,
    answers: done,
  },
  'PUT /api/rules': { summary: 'Puts rules in order', body: body(order), answers: list('rules') },
  'POST /api/rules/trial': {
    summary: 'What rules would do with studies that are here',
    body: body(trial),
    answers: done,
  },
  'GET /api/rules/{name}': { summary: 'One rule', answers: done },
  'PUT /api/rules/{name}': { summary: 'Changes a rule', body: rule, answers: done },
  'DELETE /api/rules/{name}': { summary: 'Removes a rule', answers: done },
  'GET /api/nodes': { summary: 'Remote nodes that are known', answers: list('nodes', knownNode) },
  'POST /api/nodes': { summary: 'Adds a node', body: node, answers: json(knownNode) },
  'GET /api/nodes/{name}': { summary: 'One node', answers: json(knownNode) },
  'PUT /api/nodes/{name}': {
    summary: 'Changes a node',
    body: body(nodeSettings.partial({ name: true })),
    answers: json(knownNode),
  },
  'DELETE /api/nodes/{name}': { summary: 'Knows it no more', answers: done },
  'POST /api/nodes/{name}/echo': {
    summary: 'Whether it answers C-ECHO, or why not',
    answers: json(echoed),
  },
  'POST /api/nodes/{name}/probe': {
    summary: 'What it takes and how it presents itself; nothing is sent to be kept',
    answers: json(echoed.extend({ capabilities: anything.optional() })),
  },
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
    answers: list('damaged'),
  },
  'GET /api/quarantine': {
    summary: 'Newcomers under a UID that was kept already',
    answers: list('quarantine'),
  },
  'GET /api/quarantine/{blob}/file': {
    summary: 'The file of one',
    answers: { 'application/dicom': {} },
  },
  'POST /api/quarantine/{blob}/release': {
    summary: 'Puts it in the place of the first',
    answers: json(z.object({ instance: z.string(), outcome: z.string() })),
  },
  'DELETE /api/quarantine/{blob}': { summary: 'Discards it', answers: done },
}

/** By verb and path: `GET /api/rules/{name}`. */
export const described: ReadonlyMap<string, Described> = new Map(
  Object.entries(operations).map(([operation, says]) => [operation, { tag: 'api', ...says }]),
)
