import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createStandInArchive } from '../../../test/peers/standInArchive.ts'
import type { Catalog, Instance } from '../../holdings/catalog/catalog.ts'
import { factsOf, type Labels } from './facts.ts'
import { forwardSettings } from './forward.ts'
import type { Occasion } from './intake.ts'
import { judge, type Rule, ruleSettings } from './rules.ts'

const none: Labels = { of: () => [], add: () => {} }

function targetsOf(
  rules: readonly Rule[],
  instance: Instance,
  occasion: Occasion,
  catalog: Pick<Catalog, 'parent'>,
) {
  const facts = factsOf(instance, { catalog, labels: none, timeZone: 'UTC' }, undefined)
  return judge(rules, facts, occasion).targets
}

const { archive, keep } = createStandInArchive()
const ct: Instance = {
  ...keep({
    study: 1,
    image: 1,
    tags: { Modality: 'CT', StudyDescription: 'CT HEAD W/O', ImageType: 'ORIGINAL\\PRIMARY' },
  }),
}

function takes(when: unknown, instance = ct): boolean {
  const rule = ruleSettings.parse({ name: 'r', when, send: ['a'] })
  return targetsOf([rule], instance, 'arrival', archive.catalog).length > 0
}

function refusal(when: unknown): string[] {
  const { error } = forwardSettings.safeParse({
    destinations: [{ name: 'a', kind: 'dimse', aet: 'A', host: 'h' }],
    rules: [{ name: 'r', when, send: ['a'] }],
  })
  return (error?.issues ?? []).map(issue => `${issue.path.join('.')}: ${issue.message}`)
}

test('a rule without a condition takes everything', () => {
  assert.ok(takes(undefined))
})

test('conditions side by side must all hold; several patterns of one are alternatives', () => {
  assert.ok(takes({ sender: 'CT01' }))
  assert.ok(takes({ sender: 'ct*', modality: ['MR', 'CT'] }))
  assert.equal(takes({ sender: 'CT01', modality: 'MR' }), false)
  assert.ok(takes({ called: 'WAYSTATION', address: '10.0.0.?' }))
  assert.ok(takes({ sopClass: '1.2.840.10008.5.1.4.1.1.2', transferSyntax: '1.2.840.10008.1.2.*' }))
  assert.ok(takes({ tags: { StudyDescription: '*head*' } }))
  assert.equal(takes({ tags: { StudyDescription: 'head' } }), false)
  assert.ok(takes({ tags: { AccessionNumber: '' } }), 'what is absent is as if empty')
})

test('a pattern is text and not an expression', () => {
  assert.equal(takes({ sopClass: '1.2.840.10008.5.1.4.1.1.2|.*' }), false)
  assert.equal(takes({ sender: 'CT.1' }), false)
})

test('all, any and not combine conditions to any depth', () => {
  assert.ok(takes({ all: [{ modality: 'CT' }, { not: { sender: 'MR*' } }] }))
  assert.ok(takes({ any: [{ modality: 'MR' }, { all: [{ modality: 'CT' }, { sender: 'CT01' }] }] }))
  assert.equal(takes({ not: { any: [{ modality: 'MR' }, { modality: 'CT' }] } }), false)
})

test('hours of arrival may span midnight', () => {
  const at = (time: string) => ({
    ...ct,
    origin: { ...ct.origin, at: `2026-01-01T${time}:00.000Z` },
  })
  assert.ok(takes({ hours: { from: '20:00', to: '06:00' } }, at('23:59')))
  assert.ok(takes({ hours: { from: '20:00', to: '06:00' } }, at('05:59')))
  assert.equal(takes({ hours: { from: '20:00', to: '06:00' } }, at('06:00')), false)
  assert.equal(takes({ hours: { from: '08:00', to: '12:00' } }, at('12:00')), false)
})

const arrivedAt = (at: string): Instance => ({ ...ct, origin: { ...ct.origin, at } })

test('a cron window of arrival takes what arrived within it, by hour and day of the week', () => {
  const office = { arrived: '* 8-17 * * 1-5' }
  assert.ok(takes(office, arrivedAt('2026-01-01T17:59:59.000Z')), 'a Thursday')
  assert.equal(takes(office, arrivedAt('2026-01-01T18:00:00.000Z')), false)
  assert.equal(takes(office, arrivedAt('2026-01-03T10:00:00.000Z')), false, 'a Saturday')
  assert.ok(takes({ not: office }, arrivedAt('2026-01-03T10:00:00.000Z')))
})

test('what arrived under a clock that showed 1970 is held where a rule asks for the time, and only there', () => {
  const early = arrivedAt('1970-01-01T00:03:00.000Z')
  const targets = (when: unknown) =>
    targetsOf(
      [ruleSettings.parse({ name: 'r', when, send: ['a'] })],
      early,
      'arrival',
      archive.catalog,
    ).map(({ destination, hold }) => [destination, hold])
  const hours = { from: '00:00', to: '12:00' }
  assert.deepEqual(targets({ hours }), [['a', 'r']])
  assert.deepEqual(targets({ not: { hours } }), [['a', 'r']])
  assert.deepEqual(targets({ arrived: '* * * * *' }), [['a', 'r']])
  assert.deepEqual(targets({ hours, modality: 'MR' }), [], 'no hour would change it')
  assert.deepEqual(targets({ any: [{ hours }, { modality: 'CT' }] }), [['a', false]])
})

test('a condition that cannot be evaluated is refused where it stands', () => {
  assert.deepEqual(refusal({ any: [{ modality: 'CT' }, { tags: { Modalty: 'CT' } }] }), [
    'rules.0.when.any.1.tags.Modalty: no tag is called "Modalty"; write a keyword or "gggg,eeee"',
  ])
  assert.match(refusal({ modalty: 'CT' }).join(), /rules\.0\.when: .*modalty/)
  assert.match(refusal({}).join(), /must ask for something/)
  assert.match(refusal({ all: [] }).join(), /rules\.0\.when\.all/)
  assert.match(refusal({ not: { modality: [] } }).join(), /rules\.0\.when\.not\.modality/)
  assert.match(refusal({ hours: { from: '25:00', to: '1:00' } }).join(), /hours\.from/)
})

test('what no image could ever answer is refused, and says what to ask for instead', () => {
  const no = (tags: object) => refusal({ tags }).join()
  assert.match(no({ PixelData: '*' }), /rules read no pixel data/)
  assert.match(no({ '0002,0016': 'CT01' }), /is no part of the image; ask for/)
  assert.match(no({ 'Modality.PatientID': '1' }), /"Modality" is no sequence/)
  assert.match(no({ RequestAttributesSequence: 'x' }), /is a sequence: ask for something in it/)
  assert.match(no({ OverlayData: { to: 3 } }), /has no text/)
  assert.match(no({ SliceThickness: { from: 10, to: 2 } }), /"from" lies behind "to"/)
  assert.deepEqual(
    refusal({
      tags: {
        OverlayData: { present: true },
        RequestAttributesSequence: { present: false },
        'RequestAttributesSequence.AccessionNumber': 'A*',
        '0009,1001.0010,0020': '1',
        SliceThickness: { from: 2, to: 2 },
      },
    }),
    [],
  )
})

test('a study is stable for rules that wait for that, and never on arrival, whatever it is by then', () => {
  const stable = { when: { stable: true }, send: ['a'] }
  const refused = ruleSettings.safeParse({ name: 'r', ...stable })
  assert.match(refused.error?.issues[0]?.message ?? '', /needs "on": "stable"/)
  const later = ruleSettings.parse({ name: 'r', on: 'stable', ...stable })
  assert.equal(targetsOf([later], ct, 'stable', archive.catalog).length, 1)
  const drop = ruleSettings.parse({ name: 'd', drop: true, when: { stable: true } })
  const all = ruleSettings.parse({ name: 'all', send: ['a'] })
  assert.equal(targetsOf([drop, all], ct, 'arrival', archive.catalog).length, 1)
  assert.equal(targetsOf([drop, later], ct, 'stable', archive.catalog).length, 0)
})

test('of several rules the most urgent counts, and held is what all of them hold', () => {
  const rules = [
    { name: 'a', send: ['x', 'y'], hold: true },
    { name: 'b', send: ['x'], priority: 'stat', when: { modality: 'CT' } },
    { name: 'c', send: ['z'], on: 'stable' },
  ].map(each => ruleSettings.parse(each))
  assert.deepEqual(targetsOf(rules, ct, 'arrival', archive.catalog), [
    { destination: 'x', priority: 0, hold: false },
    { destination: 'y', priority: 1, hold: true },
  ])
  assert.deepEqual(
    targetsOf(rules, ct, 'stable', archive.catalog).map(each => each.destination),
    ['z'],
  )
})

test('a rule that drops wins over every other, whatever their order', () => {
  const rules = [
    { name: 'all', send: ['x'] },
    { name: 'phantoms', drop: true, when: { tags: { StudyDescription: '*PHANTOM*' } } },
    { name: 'heads', drop: true, when: { tags: { StudyDescription: '*HEAD*' } } },
  ].map(each => ruleSettings.parse(each))
  assert.deepEqual(targetsOf(rules, ct, 'arrival', archive.catalog), [])
})

test('a rule that neither sends nor drops, or does both, is refused', () => {
  assert.equal(ruleSettings.safeParse({ name: 'r' }).success, false)
  assert.equal(ruleSettings.safeParse({ name: 'r', send: ['a'], drop: true }).success, false)
})
