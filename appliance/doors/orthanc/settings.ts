import { z } from 'zod'

const numberOfOurs = z.number().int().min(1024).max(65_535)

export const orthancSettings = z.strictObject({
  userMetadata: z
    .record(z.string().min(1), numberOfOurs)
    .default({})
    .describe('Names of user-defined metadata and their numbers, 1024 to 65535.'),
  userContentTypes: z
    .record(z.string().min(1), z.union([numberOfOurs, z.tuple([numberOfOurs, z.string()])]))
    .default({})
    .describe('Names of user-defined attachments: a number, or a number and a MIME type.'),
  checkRevisions: z
    .boolean()
    .default(false)
    .describe('Whether a change of metadata or an attachment must name the revision it replaces.'),
})

export type OrthancSettings = z.output<typeof orthancSettings>
