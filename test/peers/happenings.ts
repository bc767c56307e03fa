import fc from 'fast-check'
import type { Behaviour } from './badCloud.ts'

/** The destinations of the box. */
export const clouds = ['cloud', 'second'] as const
export type To = (typeof clouds)[number]

/** What may happen to the box, in any order. */
export type Happening =
  | { what: 'arrive'; study: number; image: number }
  | { what: 'remove'; study: number; image: number }
  | { what: 'far side'; to: To; answers: Behaviour[] }
  | { what: 'link'; to: To; up: boolean }
  | { what: 'stable'; study: number }
  | { what: 'pause'; to: To; study?: number }
  | { what: 'resume'; to: To; study?: number }
  | { what: 'exclude'; on: boolean }
  | { what: 'past'; to: To }
  | { what: 'time' }
  | { what: 'evict' }
  | { what: 'release' }
  | { what: 'rule'; label: string }
  | { what: 'restart' }
  | { what: 'power cut'; commits: number }
  | { what: 'clock'; year: number }

const image = { study: fc.integer({ min: 1, max: 2 }), image: fc.integer({ min: 1, max: 3 }) }
const to = fc.constantFrom(...clouds)
export const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ what: fc.constant('arrive' as const), ...image }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('remove' as const), ...image }) },
  {
    weight: 3,
    arbitrary: fc.record({
      what: fc.constant('far side' as const),
      to,
      answers: fc.array(
        fc.constantFrom<Behaviour>(
          'take',
          'forget',
          'fail',
          'full',
          'cut',
          'take and cut',
          'silent',
          'take and fall silent',
        ),
        { minLength: 1, maxLength: 4 },
      ),
    }),
  },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('link' as const), to, up: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({ what: fc.constant('stable' as const), study: image.study }),
  },
  {
    weight: 2,
    arbitrary: fc.record(
      { what: fc.constantFrom('pause' as const, 'resume' as const), to, study: image.study },
      { requiredKeys: ['what', 'to'] },
    ),
  },
  {
    weight: 2,
    arbitrary: fc.record({ what: fc.constant('exclude' as const), on: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('past' as const), to }) },
  { weight: 4, arbitrary: fc.record({ what: fc.constant('time' as const) }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('evict' as const) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('release' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      what: fc.constant('rule' as const),
      label: fc.constantFrom('one', 'two'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('restart' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      what: fc.constant('power cut' as const),
      commits: fc.integer({ min: 0, max: 12 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      what: fc.constant('clock' as const),
      year: fc.constantFrom(1970, 2026, 2099),
    }),
  },
)
