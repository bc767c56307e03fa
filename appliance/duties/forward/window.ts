import { createTask, type ScheduledTask, validateDetailed } from 'node-cron'
import { z } from 'zod'

/**
 * A window in time as the minutes that a cron expression names: minute, hour, day of the month,
 * month, day of the week. `* 18-23,0-6 * * *` is open from 18:00 to 07:00.
 */
export const windowExpression = z
  .string()
  .superRefine((expression, context) => {
    const why = objectionTo(expression)
    if (why) context.addIssue({ code: 'custom', message: why })
  })
  .describe(
    'Minute, hour, day of month, month, day of week as cron has them: "* 18-23,0-6 * * 1-5".',
  )

/** An IANA name; without it the time zone this box is set to. */
export const timeZone = z
  .string()
  .refine(isTimeZone, 'no such time zone; write it like "Europe/Berlin"')
  .describe('Time zone of the windows; without it that of this box.')

function objectionTo(expression: string): string | undefined {
  if (expression.trim().split(/\s+/).length !== 5) {
    return 'a time window has five fields: minute, hour, day of month, month, day of week'
  }
  const { valid, errors } = validateDetailed(expression)
  return valid ? undefined : `no time window: ${errors.map(each => each.message).join('; ')}`
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

const matchers = new Map<string, ScheduledTask>()
const rememberedMatchers = 500

/** Whether a moment (ms) lies in the window. */
export function isWithin(expression: string, at: number, zone?: string): boolean {
  const key = `${zone ?? ''} ${expression}`
  let matcher = matchers.get(key)
  if (!matcher) {
    if (matchers.size === rememberedMatchers) {
      for (const each of matchers.values()) void each.destroy()
      matchers.clear()
    }
    // Never started: it only answers whether a minute is one of its own.
    matcher = createTask(expression, () => {}, zone === undefined ? {} : { timezone: zone })
    matchers.set(key, matcher)
  }
  return matcher.match(new Date(Math.floor(at / 60_000) * 60_000))
}
