import { z } from 'zod'

/** Where blobs are kept. */
export const storageSettings = z.strictObject({
  kind: z
    .enum(['disk'])
    .default('disk')
    .describe('What keeps the image files: "disk" is a folder of this box.'),
})
