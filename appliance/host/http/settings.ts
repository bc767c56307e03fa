import { z } from 'zod'

/** What a caller may cost. Nothing a caller sends, or fails to send, holds more than this. */
export const httpLimitsSettings = z.strictObject({
  connections: z.number().int().positive().default(1024).describe('Connections at once.'),
  headerBytes: z
    .number()
    .int()
    .min(4096)
    .default(65_536)
    .describe('The longest request line and headers together, in bytes.'),
  headersSeconds: z
    .number()
    .positive()
    .default(20)
    .describe('Seconds for a caller to send its request line and headers.'),
  idleSeconds: z
    .number()
    .positive()
    .default(60)
    .describe('Seconds without a byte in either direction after which a request is given up.'),
  bytesPerSecond: z
    .number()
    .int()
    .nonnegative()
    .default(64)
    .describe(
      'The slowest a body may come while we wait for it, in bytes per second over 30 seconds; 0 for no such limit.',
    ),
  bodyBytes: z
    .number()
    .int()
    .positive()
    .default(64 * 1024 ** 3)
    .describe('The longest body that is streamed to the disk, in bytes.'),
  formBytes: z
    .number()
    .int()
    .positive()
    .default(16 * 1024 ** 2)
    .describe('The longest body that is read into memory, such as JSON, in bytes.'),
  stopSeconds: z
    .number()
    .nonnegative()
    .default(10)
    .describe('Seconds given to requests in flight when the service stops.'),
})

export const httpSettings = z.strictObject({
  host: z
    .string()
    .min(1)
    .default('127.0.0.1')
    .describe('The address to listen on; 0.0.0.0 or :: for every one.'),
  port: z
    .number()
    .int()
    .min(0)
    .max(65_535)
    .default(8042)
    .describe('The TCP port to listen on; 0 takes a free one.'),
  tls: z
    .strictObject({
      certificateFile: z.string().describe('The certificate with its chain, PEM.'),
      keyFile: z.string().describe('Its private key, PEM.'),
    })
    .optional()
    .describe('Serve HTTPS with this certificate.'),
  trustedOrigins: z
    .array(z.string().regex(/^https?:\/\/[^/]+$/, 'an origin is like "https://viewer.example"'))
    .default([])
    .describe(
      'Other web sites whose pages may change what is kept here, such as a viewer of your own; pages of all others may not, so that no page a visitor opens elsewhere can. While there are no users the box is also called by these names, and by no others but localhost, its addresses and those of its certificate.',
    ),
  limits: httpLimitsSettings.prefault({}),
})

export type HttpLimits = z.output<typeof httpLimitsSettings>
