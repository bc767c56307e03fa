import type { Delivery } from './delivery.ts'
import type { Receipt, Why } from './destinations/destination.ts'

/** The moves. Each answers the delivery as it stands after; the ledger alone makes them. */
export const moves = {
  claim(delivery: Delivery, now: number): Delivery {
    const { notBefore: _, ...rest } = delivery
    return { ...rest, state: 'sending', movedAt: now, claims: delivery.claims + 1 }
  },

  /** Its last byte was given out; the answer is awaited. */
  send(delivery: Delivery, now: number): Delivery {
    return { ...delivery, state: 'sent', movedAt: now }
  },

  /** Back to where it was: nobody answered, so nothing is known against it. */
  release(delivery: Delivery, now: number): Delivery {
    return { ...delivery, state: 'owed', movedAt: now }
  },

  settle(
    delivery: Delivery,
    receipt: Receipt,
    now: number,
    wait: (failures: number) => number,
  ): Delivery {
    const {
      why: _,
      status: __,
      notBefore: ___,
      unverified: ____,
      paused: _____,
      ...rest
    } = delivery
    const moved = {
      ...rest,
      movedAt: now,
      ...(receipt.why ? { why: receipt.why } : {}),
      ...('status' in receipt && receipt.status !== undefined ? { status: receipt.status } : {}),
    }
    switch (receipt.outcome) {
      case 'accepted':
        return { ...moved, state: 'accepted', failures: 0 }
      case 'declined':
        return { ...moved, state: 'parked', failures: delivery.failures + 1 }
      case 'gone':
        return { ...moved, state: 'withdrawn' }
      case 'again': {
        const failures = delivery.failures + 1
        return {
          ...moved,
          state: 'owed',
          failures,
          notBefore: Math.round(now + wait(failures) * 1000),
        }
      }
    }
  },

  /** The far side has it, as it said when asked. */
  verify(delivery: Delivery, now: number): Delivery {
    const { unverified: _, ...rest } = delivery
    return { ...rest, state: 'verified', movedAt: now, failures: 0 }
  },

  /** The far side accepted it and has it not. */
  miss(delivery: Delivery, now: number, wait: (failures: number) => number): Delivery {
    const { unverified: _, ...rest } = delivery
    const failures = delivery.failures + 1
    return {
      ...rest,
      state: 'owed',
      movedAt: now,
      failures,
      notBefore: Math.round(now + wait(failures) * 1000),
      why: {
        code: 'missing-at-destination',
        detail: 'accepted, but not among what the destination says it has',
        advice: 'Look why the destination forgets images. It is sent again by itself.',
      },
    }
  },

  withdraw(delivery: Delivery, why: Why, now: number): Delivery {
    const { notBefore: _, review: __, paused: ___, ...rest } = delivery
    return { ...rest, state: 'withdrawn', movedAt: now, why }
  },

  /** Owed, and not sent until it is resumed. A sending that is under way no longer counts. */
  pause(delivery: Delivery, now: number): Delivery {
    const { notBefore: _, ...rest } = delivery
    const why = {
      code: 'paused-by-hand',
      detail: 'a person paused it',
      advice: '"resume" sends it; until then it is kept here.',
    }
    return { ...rest, state: 'owed', paused: true, movedAt: now, why }
  },

  resume(delivery: Delivery, now: number): Delivery {
    const { paused: _, why: __, ...rest } = delivery
    return { ...rest, movedAt: now }
  },

  /** For a person to look at first; `doubt` is the rule that could not tell whether it takes it. */
  hold(delivery: Delivery, doubt?: string): Delivery {
    const why =
      doubt === undefined
        ? { code: 'held-for-review', detail: 'a rule holds it for review' }
        : { code: 'rule-in-doubt', detail: `the rule "${doubt}" cannot be evaluated for it` }
    const advice = 'Look at it; then "release" sends it, "reject" does not.'
    return { ...delivery, state: 'parked', review: true, why: { ...why, advice } }
  },

  /** At once and as if it had never failed; `why` stays until there is a new answer. */
  retry(delivery: Delivery, now: number): Delivery {
    const { notBefore: _, review: __, ...rest } = delivery
    return { ...rest, state: 'owed', movedAt: now, failures: 0 }
  },

  /** Its wait is over. */
  ripen(delivery: Delivery): Delivery {
    const { notBefore: _, ...rest } = delivery
    return rest
  },
}

/** Why what was owed to a destination is withdrawn when it leaves the settings. */
export const whyRemoved: Why = {
  code: 'destination-removed',
  detail: 'the destination is no longer in the settings',
  advice: 'Enter it again under the same name, and what is still held is owed again.',
}

/** A person withdrew it, for this reason. */
export const byHand = (reason: string): Why => ({
  code: 'withdrawn-by-hand',
  detail: reason,
  advice: 'Nothing; send it to this box again if it is wanted after all.',
})
