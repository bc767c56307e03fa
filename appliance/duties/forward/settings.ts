import { z } from 'zod'
import { destinationSettings } from './destinations/kinds.ts'
import { linkSettings } from './link.ts'
import { ruleSettings } from './rules.ts'

/** `forward` in the configuration file. */
export const forwardSettings = z
  .strictObject({
    destinations: z.array(destinationSettings).default([]).describe('Where images may be sent to.'),
    rules: z
      .array(ruleSettings)
      .default([])
      .describe('What is sent where. An image goes to every destination of every rule it meets.'),
    link: linkSettings
      .optional()
      .describe('The link that destinations share: how much of it may be used, and when.'),
    backoff: z
      .strictObject({
        first: z
          .number()
          .positive()
          .max(3600)
          .default(2)
          .describe('Seconds to wait after a first failure; doubled after each further one.'),
        cap: z
          .number()
          .positive()
          .max(86_400)
          .default(300)
          .describe('The longest wait in seconds. Trying never ends.'),
      })
      .prefault({})
      .describe('When to try again.'),
    history: z
      .number()
      .int()
      .min(0)
      .default(100_000)
      .describe('Finished deliveries remembered after their images have left this box.'),
  })
  .superRefine((settings, context) => {
    const complain = (path: (string | number)[], message: string) =>
      context.addIssue({ code: 'custom', path, message })
    const known = new Set<string>()
    for (const [at, { name }] of settings.destinations.entries()) {
      if (known.has(name)) {
        complain(['destinations', at, 'name'], `"${name}" is the name of two destinations`)
      }
      known.add(name)
    }
    const names = new Set<string>()
    for (const [at, { name, send }] of settings.rules.entries()) {
      if (names.has(name)) complain(['rules', at, 'name'], `"${name}" is the name of two rules`)
      names.add(name)
      for (const [place, destination] of send.entries()) {
        if (known.has(destination)) continue
        complain(
          ['rules', at, 'send', place],
          `no destination is called "${destination}"; known: ${[...known].join(', ') || 'none'}`,
        )
      }
    }
    if (settings.backoff.cap < settings.backoff.first) {
      complain(['backoff', 'cap'], 'the cap may not be shorter than the first wait')
    }
  })

export type ForwardSettings = z.output<typeof forwardSettings>
