import { validate } from 'node-cron'
import { z } from 'zod'

/** What the archive does with what it is sent. */
export const archiveSettings = z.strictObject({
  sameUidOtherBytes: z
    .enum(['keep-first', 'overwrite', 'refuse'])
    .default('keep-first')
    .describe(
      'When another image comes under a SOP Instance UID already kept: "keep-first" keeps the newcomer aside in quarantine, "overwrite" puts it in place of the first, "refuse" answers with an error.',
    ),
  stableAge: z
    .int()
    .min(1)
    .max(86_400)
    .default(60)
    .describe(
      'Seconds without a new image after which a patient, study or series counts as stable.',
    ),
  scrubRate: z
    .int()
    .min(1)
    .max(10_000)
    .default(5)
    .describe('Megabytes a second at which kept images are read again to find damage.'),
  scrubSchedule: z
    .string()
    .refine(validate, 'is not a cron expression')
    .default('0 3 1 * *')
    .describe(
      'When all kept images begin to be read again, as cron has it (minute, hour, day of month, month, day of week), in the time zone of the box. What was not finished goes on at the next start.',
    ),
  reserve: z
    .string()
    .regex(/^\d+ ?(MB|GB)$/)
    .default('1 GB')
    .describe('Receiving stops while less than this is free on the data volume.'),
})

export type ArchiveSettings = z.infer<typeof archiveSettings>
