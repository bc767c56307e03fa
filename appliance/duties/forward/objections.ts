import type { Why } from './destinations/destination.ts'

const untilItOpens = (code: string, detail: string, opens: string): Why => ({
  ...{ code, detail },
  advice: `Nothing; it goes on ${opens}.`,
})

const budgetSpent = (detail: string): Why => ({
  ...{ code: 'budget-spent', detail },
  advice: 'Raise the budget, or wait for the next day or month.',
})

/** Why nothing is begun though something is owed and its destination is well. */
export const objections = {
  window: untilItOpens(
    'window-closed',
    'outside the time windows of this destination only STAT is sent to it',
    'when the next window opens',
  ),
  closed: untilItOpens(
    'link-closed',
    'the link is closed at this time of the week for all but STAT',
    'when the time is over',
  ),
  offPeak: untilItOpens(
    'not-off-peak',
    'all that is left is off-peak, and it is not the time for it',
    'at off-peak time',
  ),
  metered: untilItOpens(
    'link-metered',
    'all that is left is off-peak, and the link is metered now',
    'when the link is not metered',
  ),
  spent: budgetSpent('the byte budget of the link is used up'),
  short: budgetSpent('what is left of the link’s byte budget does not suffice for the next image'),
} as const
