import { z } from 'zod'
import { timeZone, windowExpression } from './window.ts'

const units = { KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 } as const

/** Bytes, as a number or like "500 MB". */
const size = z
  .union([
    z.number().int().min(1),
    z.string().regex(/^\d+ ?(KB|MB|GB|TB)$/, 'write it like "500 MB"'),
  ])
  .transform(given => {
    if (typeof given === 'number') return given
    const unit = given.slice(-2) as keyof typeof units
    return Number.parseInt(given, 10) * units[unit]
  })
  .refine(bytes => bytes > 0, 'nothing could ever be sent')

/** kbit/s of 1000 bits. */
const cap = z.number().min(8).max(100_000_000)

export const linkSettings = z.strictObject({
  timeZone: timeZone.optional(),
  cap: cap
    .optional()
    .describe('kbit/s that all destinations behind the link share; without it no limit.'),
  metered: z
    .boolean()
    .default(false)
    .describe('Whether each byte costs: then what is off-peak waits until it does not.'),
  windows: z
    .array(
      z
        .strictObject({
          at: windowExpression,
          cap: cap.nullable().optional().describe('kbit/s; null for no limit.'),
          closed: z.boolean().optional().describe('Nothing goes but STAT.'),
          metered: z.boolean().optional(),
        })
        .refine(
          given => Object.keys(given).length > 1,
          'a window says what is different in it: "cap", "closed" or "metered"',
        ),
    )
    .default([])
    .describe('What is different at certain times; of several that are open the first counts.'),
  offPeak: z
    .array(windowExpression)
    .min(1)
    .optional()
    .describe('When deliveries of the class off-peak go; without it at any time, but last.'),
  budget: z
    .strictObject({
      day: size.optional().describe('Bytes a day.'),
      month: size.optional().describe('Bytes a calendar month.'),
    })
    .prefault({})
    .describe('What may be sent over the link; STAT is counted, and goes beyond it.'),
})

export type LinkSettings = z.output<typeof linkSettings>

/** What every destination has besides the settings of its kind. */
export const carriage = {
  parallelAtLeast: z
    .number()
    .int()
    .min(1)
    .max(16)
    .default(1)
    .describe('Connections to begin with; up to "parallel" as measuring shows them worth it.'),
  uplink: z
    .boolean()
    .default(true)
    .describe('Whether it lies behind the link, so that the link’s caps and budgets hold for it.'),
  windows: z
    .array(windowExpression)
    .min(1)
    .optional()
    .describe('When anything but STAT is sent to it; without it at any time.'),
}
