import { z } from 'zod'
import { limitsSettings, timersSettings, tlsSettings } from '../../standard/dimse/dimse.ts'
import { findSettings } from './findSettings.ts'

/** AE titles: 1 to 16 printable ASCII characters without backslash (PS3.5 §6.2, PS3.8 §9.3.2). */
export const aeTitle = z
  .string()
  .regex(/^[\x20-\x5b\x5d-\x7e]{1,16}$/, 'an AE title has 1 to 16 ASCII characters, no backslash')
  .refine(text => text.trim() === text && text !== '', 'an AE title has no spaces around it')

const uid = z
  .string()
  .regex(/^[0-9]+(\.[0-9]+)+$/, 'not a UID')
  .max(64)

const policy = (fallback: 'allowed' | 'loopback' | 'refused', help: string) =>
  z.enum(['allowed', 'loopback', 'refused']).default(fallback).describe(help)

/**
 * Images come in from anyone, since a scanner that is refused is an image lost; what is kept goes
 * out to nobody unknown, except on this machine itself, as over HTTP.
 */
const unknownCallersSettings = z.strictObject({
  echo: policy('allowed', 'C-ECHO.'),
  store: policy('allowed', 'C-STORE.'),
  find: policy('loopback', 'C-FIND of patients, studies, series and instances.'),
  findWorklist: policy('loopback', 'C-FIND of the modality worklist.'),
  get: policy('loopback', 'C-GET.'),
  move: policy('loopback', 'C-MOVE.'),
  storageCommitment: policy('loopback', 'N-ACTION: to promise that images are safe.'),
  eventReport: policy(
    'allowed',
    'N-EVENT-REPORT: to tell what was promised to us; only transactions of ours are listened to.',
  ),
})

const uidPattern = z
  .string()
  .regex(/^[0-9.*?]{1,64}$/, 'a pattern is a UID that may have "*" and "?" in it')

/** The `dicom` section of the configuration. */
export const scpSettings = z.strictObject({
  aet: aeTitle.default('WAYSTATION').describe('The AE title of this box.'),
  aliases: z.array(aeTitle).default([]).describe('Further AE titles under which it answers.'),
  checkCalledAet: z
    .boolean()
    .default(false)
    .describe('Refuse callers that call another AE title than this box’s own and its aliases.'),
  unknownCallers: unknownCallersSettings
    .prefault({})
    .describe(
      'What callers may do that are no known node: allowed; loopback, from this machine only; refused.',
    ),
  checkNodeAddress: z
    .boolean()
    .default(false)
    .describe('Whether a known node is known only when it calls from its own address.'),
  host: z.string().min(1).optional().describe('The address to listen on; without it, all.'),
  port: z
    .number()
    .int()
    .min(0)
    .max(65535)
    .default(11112)
    .describe('The DICOM port; 0: a free one.'),
  privateSopClasses: z
    .array(uid)
    .default([])
    .describe('Private storage SOP classes to take besides those of the standard.'),
  acceptedSopClasses: z
    .array(uidPattern)
    .default(['*'])
    .describe(
      'Which storage SOP classes of the standard to take: patterns with "*" and "?"; a UID without them is taken even when the standard has it not.',
    ),
  rejectedSopClasses: z
    .array(uidPattern)
    .default([])
    .describe('Which SOP classes never to take, whatever else is said: patterns.'),
  acceptedTransferSyntaxes: z
    .array(uidPattern)
    .default(['*'])
    .describe('In which transfer syntaxes to take instances: patterns.'),
  anySopClass: z
    .boolean()
    .default(false)
    .describe('Take instances of every SOP class, known or not.'),
  tls: tlsSettings
    .extend({
      port: z.number().int().min(0).max(65535).default(2762).describe('The DICOM TLS port.'),
    })
    .optional()
    .describe('DICOM over TLS on a port of its own.'),
  find: findSettings.prefault({}),
  timers: timersSettings.prefault({}),
  limits: limitsSettings.prefault({}),
})

export type ScpSettings = z.infer<typeof scpSettings>
