import { z } from 'zod'

/** PS3.5 table 6.2-1, VR AE: up to 16 characters, no backslash, spaces around it mean nothing. */
const aeTitle = z
  .string()
  .transform(text => text.trim())
  .pipe(
    z
      .string()
      .regex(/^[\x20-\x5b\x5d-\x7e]{1,16}$/, 'an AE title has 1 to 16 ASCII characters, no "\\"'),
  )

const file = (help: string) => z.string().min(1).optional().describe(help)
const allowed = (help: string) => z.boolean().default(true).describe(help)

/** Peculiarities of remote nodes that are worked around, by the names Orthanc has for them. */
export const manufacturers = [
  'Generic',
  'GenericNoWildcardInDates',
  'GenericNoUniversalWildcard',
  'Vitrea',
  'GE',
  'SiemensSyngoCT',
] as const

/** What a known node may ask of us. */
export const allowsSettings = z.strictObject({
  echo: allowed('C-ECHO.'),
  store: allowed('C-STORE.'),
  find: allowed('C-FIND of patients, studies, series and instances.'),
  findWorklist: allowed('C-FIND of the modality worklist.'),
  get: allowed('C-GET.'),
  move: allowed('C-MOVE.'),
  storageCommitment: allowed('N-ACTION: to promise that its images are safe.'),
  eventReport: allowed('N-EVENT-REPORT: to tell what it promised us.'),
  transcoding: allowed('Whether images may be converted to a transfer syntax that it takes.'),
})

/** One remote node: a scanner, a workstation, a PACS. */
export const nodeSettings = z.strictObject({
  name: z
    .string()
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
      'a name is up to 64 letters, digits, "." "_" "-", and begins with a letter or digit',
    )
    .describe('What we call it.'),
  aet: aeTitle.describe('Its AE title, when it calls and when it is called.'),
  host: z.string().min(1).max(255).describe('Its name or address.'),
  port: z.number().int().min(1).max(65_535).default(104).describe('Its DICOM port.'),
  localAet: aeTitle
    .optional()
    .describe('The AE title we call it with; without it that of this box.'),
  manufacturer: z
    .enum(manufacturers)
    .default('Generic')
    .describe('Peculiarities to work around in queries.'),
  allows: allowsSettings.prefault({}).describe('What it may ask of this box.'),
  tls: z
    .enum(['optional', 'required', 'verified'])
    .default('optional')
    .describe(
      'How it may call this box: optional, plain or over TLS; required, over TLS only; verified, over TLS with a certificate that an authority of ours has signed.',
    ),
  useTls: z.boolean().default(false).describe('Whether this box calls it over TLS.'),
  tlsFiles: z
    .strictObject({
      certificateFile: file('PEM: our certificate towards it.'),
      keyFile: file('PEM: the private key of our certificate.'),
      authoritiesFile: file('PEM: who may sign its certificate.'),
      revocationsFile: file('PEM: revocation lists of the authorities.'),
      serverName: file('The name in its certificate, if not the host.'),
      verify: z.boolean().default(true).describe('Whether its certificate must be a valid one.'),
    })
    .optional()
    .describe('For calling it over TLS; without it the files of this box’s own TLS port.'),
  timeout: z
    .number()
    .min(1)
    .max(86_400)
    .optional()
    .describe('Seconds of silence after which it is given up; without it the timers of "dicom".'),
  retrieveMethod: z
    .enum(['C-MOVE', 'C-GET'])
    .default('C-MOVE')
    .describe('How this box fetches from it.'),
  availability: z
    .enum(['none', 'study', 'instance'])
    .default('none')
    .describe(
      'Whether it is told what is here (Instance Availability Notification): none; study, when a study is complete for some time; instance, of each image.',
    ),
})

/** `nodes` in the configuration file: an array, because an administrator reads it as a list. */
export const nodesSettings = z
  .array(nodeSettings)
  .default([])
  .superRefine((nodes, context) => {
    const known = new Set<string>()
    for (const [at, { name }] of nodes.entries()) {
      if (known.has(name)) {
        context.addIssue({
          code: 'custom',
          path: [at, 'name'],
          message: `"${name}" is the name of two nodes`,
        })
      }
      known.add(name)
    }
  })

export type Node = z.output<typeof nodeSettings>
/** As it is written down: what has a default may be left out. */
export type NodeInput = z.input<typeof nodeSettings>
export type Allowed = keyof Node['allows']
