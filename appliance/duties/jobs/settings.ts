import { z } from 'zod'

export const jobsSettings = z.strictObject({
  concurrent: z
    .number()
    .int()
    .min(0)
    .max(64)
    .default(2)
    .describe('How many jobs run at once; 0: as many as there are processors.'),
  history: z
    .number()
    .int()
    .min(0)
    .max(10_000)
    .default(10)
    .describe('How many jobs that are over are remembered (Orthanc’s JobsHistorySize).'),
  outputs: z
    .number()
    .int()
    .min(1)
    .max(1_000)
    .default(1)
    .describe('Of how many jobs the output is kept, such as a ZIP file (MediaArchiveSize).'),
})

export type JobsSettings = z.output<typeof jobsSettings>
