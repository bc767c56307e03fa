import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { combinedMatcher, criterionOf, type MatchingRules, usualRules } from './matching.ts'

/** Of several values, which a key takes. */
function found(
  vr: string,
  key: string,
  values: readonly string[],
  rules: Partial<MatchingRules> = {},
) {
  const { matches } = criterionOf(vr, key, { ...usualRules, ...rules })
  return values.filter(value => matches(value === '' ? [] : value.split('\\')))
}

const kindOf = (vr: string, key: string) => criterionOf(vr, key, usualRules).asked.kind

describe('single value matching, PS3.4 C.2.2.2.1', () => {
  test('a value without wildcards, range or list takes what is equal to it', () => {
    for (const vr of ['AE', 'CS', 'LO', 'LT', 'SH', 'ST', 'UC', 'UR', 'UT', 'AS', 'UI']) {
      assert.deepEqual(found(vr, 'A1', ['A1', 'A12', 'A', '']), ['A1'], vr)
    }
  })
  test('text is compared as written, or by setting without case and accents', () => {
    const values = ['Thorax', 'THORAX', 'Thórax']
    assert.deepEqual(found('LO', 'Thorax', values), ['Thorax'])
    assert.deepEqual(found('LO', 'thorax', values, { text: 'folded' }), values)
  })
  test('padding does not count where the VR says so', () => {
    assert.deepEqual(found('LO', ' A1 ', ['A1']), ['A1'])
    assert.deepEqual(found('LT', ' A1 ', ['A1', ' A1']), [' A1'])
  })
  test('numbers are compared as numbers', () => {
    assert.deepEqual(found('IS', '7', ['7', '+7', '007', '70']), ['7', '+7', '007'])
    assert.deepEqual(found('DS', '1.50', ['1.5', '15e-1', '1.05']), ['1.5', '15e-1'])
    assert.deepEqual(found('US', '512', ['512', '5120']), ['512'])
  })
  test('a date is that day', () => {
    assert.deepEqual(found('DA', '20260110', ['20260110', '2026.01.10', '20260111']), [
      '20260110',
      '2026.01.10',
    ])
    assert.deepEqual(found('DA', '20261310', ['20261310', '20270110']), ['20261310'])
  })
  test('a time takes in all that its precision leaves open', () => {
    const values = ['101500', '101500.000000', '101530', '1015', '101600', '10']
    assert.deepEqual(found('TM', '101500', values), ['101500', '101500.000000', '1015'])
    assert.deepEqual(found('TM', '1015', values), values.slice(0, 4))
  })
  test('the offset of a date-time is taken into account', () => {
    const values = ['20260110101500+0100', '20260110091500', '20260110091500+0000']
    assert.deepEqual(found('DT', '20260110091500+0000', values), values)
    assert.deepEqual(found('DT', '20260110101500', values, { utcOffset: 60 }), [
      '20260110101500+0100',
      '20260110091500+0000',
    ])
    assert.deepEqual(found('DT', '20260110-0500', ['20260110120000-0500', '20260112']), [
      '20260110120000-0500',
    ])
  })
  test('wildcards are letters in a VR that has none', () => {
    assert.deepEqual(found('UI', '1.2.*', ['1.2.3']), [])
    assert.deepEqual(found('DA', '2026*', ['20260110']), [])
    assert.deepEqual(found('IS', '?', ['1']), [])
  })
})

describe('person names, PS3.4 C.2.2.2.1.1', () => {
  const names = ['Müller^Jürgen', 'MULLER^JURGEN', 'Müller^Jürgen^^Dr.', 'Muller']
  test('case and accents do not count, or by setting do', () => {
    assert.deepEqual(found('PN', 'muller^jurgen', names), names.slice(0, 2))
    assert.deepEqual(found('PN', 'Müller^Jürgen', names, { names: 'literal' }), ['Müller^Jürgen'])
  })
  test('spaces around components and empty components at the end do not count', () => {
    assert.deepEqual(found('PN', 'Doe ^ Jane^^', ['Doe^Jane', 'Doe^Jane ^^^']), [
      'Doe^Jane',
      'Doe^Jane ^^^',
    ])
  })
  test('a wildcard for a component takes a name without it', () => {
    assert.deepEqual(found('PN', 'muller^*', names), names)
    assert.deepEqual(found('PN', '*^j*^*^dr*', names), ['Müller^Jürgen^^Dr.'])
  })
  const asian = ['Yamada^Tarou=山田^太郎=やまだ^たろう', 'ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎', '山田^太郎']
  test('a letter that is two in capitals is one, and is two', () => {
    const names = ['Groß^Jörg', 'GROSS^JÖRG', 'Grob^J']
    assert.deepEqual(found('PN', 'gro?^j*', names), ['Groß^Jörg', 'Grob^J'])
    assert.deepEqual(found('PN', 'GRO??^*', names), ['Groß^Jörg', 'GROSS^JÖRG'])
    assert.deepEqual(found('PN', 'Groß^J?rg', names), ['Groß^Jörg', 'GROSS^JÖRG'])
  })
  test('a key of one group asks the alphabetic group, of other scripts every group', () => {
    assert.deepEqual(found('PN', 'Yamada^Tarou', asian), [asian[0]])
    assert.deepEqual(found('PN', '山田*', asian), asian)
    assert.deepEqual(found('PN', 'やまだ^たろう', asian), [asian[0]])
    assert.deepEqual(found('PN', 'やまた^たろう', asian), [], 'voicing marks are no accents')
  })
  test('a key of several groups asks group by group, an empty one nothing', () => {
    assert.deepEqual(found('PN', '=山田^太郎', asian), asian.slice(0, 2))
    assert.deepEqual(found('PN', 'yamada^*=*=やまだ*', asian), [asian[0]])
    assert.deepEqual(found('PN', 'Suzuki=山田^太郎', asian), [])
  })
  test('fuzzy matching takes the words wherever they stand', () => {
    const values = ['Smith^John', 'John^Smith', 'SMITH-JONES^John', 'Smithers^J']
    const fuzzy = { names: 'fuzzy' } as const
    assert.deepEqual(found('PN', 'john smith', values, fuzzy), values.slice(0, 3))
    assert.deepEqual(found('PN', 'smith*', values, fuzzy), values)
  })
})

describe('list of UID matching, PS3.4 C.2.2.2.2', () => {
  test('each UID of the list is taken', () => {
    assert.equal(kindOf('UI', '1.2\\1.3'), 'list')
    assert.deepEqual(found('UI', '1.2\\1.3', ['1.2', '1.3', '1.4']), ['1.2', '1.3'])
  })
  test('an empty place in it asks nothing', () => {
    assert.deepEqual(found('UI', '1.2\\', ['1.2', '1.3']), ['1.2'])
  })
})

describe('universal matching, PS3.4 C.2.2.2.3', () => {
  test('a key without a value takes everything, also what is not there', () => {
    for (const vr of ['PN', 'LO', 'DA', 'UI', 'US', 'IS']) {
      assert.equal(kindOf(vr, ''), 'universal', vr)
      assert.deepEqual(found(vr, '  ', ['A', '']), ['A', ''], vr)
    }
  })
  test('so does a name of delimiters alone, and a range without ends', () => {
    for (const key of ['^^^^', '==', '^=^', '^ ^'])
      assert.deepEqual(
        [kindOf('PN', key), found('PN', key, ['Doe', ''])],
        ['universal', ['Doe', '']],
      )
    for (const vr of ['DA', 'TM', 'DT']) assert.equal(kindOf(vr, ' - '), 'universal', vr)
    assert.equal(kindOf('LO', '-'), 'single')
  })
  test('a lone asterisk is one, PS3.4 C.2.2.2.4', () => {
    for (const vr of ['PN', 'LO', 'DA', 'UI'])
      assert.deepEqual(found(vr, '*', ['A', '']), ['A', ''])
  })
})

describe('wild card matching, PS3.4 C.2.2.2.4', () => {
  test('the asterisk stands for any text, also none', () => {
    assert.deepEqual(found('LO', 'A*B', ['AB', 'AxyB', 'ABC']), ['AB', 'AxyB'])
  })
  test('the question mark stands for one letter, of any length in UTF-16', () => {
    assert.deepEqual(found('SH', 'A?', ['A', 'AB', 'ABC', 'A𠀀']), ['AB', 'A𠀀'])
  })
  test('letters of regular expressions are letters', () => {
    assert.deepEqual(found('LO', 'a.(b)*', ['a.(b)c', 'ax(b)c']), ['a.(b)c'])
  })
  test('a pattern of many asterisks takes no longer', () => {
    assert.deepEqual(found('LT', `${'a*'.repeat(2_000)}b`, ['a'.repeat(10_000)]), [])
  })
  test('what is absent is not like any text', () => {
    assert.deepEqual(found('LO', '?*', ['', 'A']), ['A'])
  })
})

describe('range matching, PS3.4 C.2.2.2.5', () => {
  const days = ['20251231', '20260101', '20260115', '20260131', '20260201', '']
  test('dates from one to another, both included', () => {
    assert.deepEqual(found('DA', '20260101-20260131', days), days.slice(1, 4))
  })
  test('dates up to one', () => {
    assert.deepEqual(found('DA', '-20260101', days), days.slice(0, 2))
  })
  test('dates from one on', () => {
    assert.deepEqual(found('DA', '20260131 -', days), days.slice(3, 5))
  })
  const times = ['000000', '095959.999999', '100000', '113000', '120059', '1201', '']
  test('times from one to another, the last taken for as long as it lasts', () => {
    assert.deepEqual(found('TM', '1000-1200', times), times.slice(2, 5))
    assert.deepEqual(found('TM', '100000-120000', times), times.slice(2, 4))
  })
  test('times up to one, from midnight', () => {
    assert.deepEqual(found('TM', '-1000', times), times.slice(0, 3))
  })
  test('times from one on, to midnight', () => {
    assert.deepEqual(found('TM', '1130-', times), times.slice(3, 6))
  })
  const moments = ['2025', '20260101120000', '20260101120000+0200', '20260102', '2027']
  test('date-times from one to another', () => {
    assert.deepEqual(found('DT', '20260101110000-20260102', moments), [moments[1], moments[3]])
    assert.deepEqual(found('DT', '2026-2027', moments), moments.slice(1))
  })
  test('date-times up to one', () => {
    assert.deepEqual(found('DT', '-20260101', moments), moments.slice(0, 3))
  })
  test('date-times from one on', () => {
    assert.deepEqual(found('DT', '20260101113000-', moments), [moments[1], moments[3], moments[4]])
  })
  test('an offset at either end is taken into account', () => {
    assert.deepEqual(
      found('DT', '20260101070000-0500-20260101080000-0500', moments),
      moments.slice(1, 2),
    )
  })
  test('a range whose end is no date takes nothing', () => {
    assert.deepEqual(found('DA', '20260101-20261399', days), [])
  })
  test('a hyphen in other text is a letter', () => {
    assert.deepEqual(found('SH', 'A-B', ['A-B', 'AB']), ['A-B'])
  })
})

describe('combined date-time matching, PS3.4 C.2.2.2.5', () => {
  const asked = (vr: string, key: string) => criterionOf(vr, key, usualRules).asked
  const takes = (days: string, hours: string) =>
    combinedMatcher(asked('DA', days), asked('TM', hours))
  test('from the first time of the first day to the last of the last', () => {
    const matches = takes('20260110-20260112', '1000-0900')!
    assert.ok(matches('20260110', '100000'))
    assert.ok(!matches('20260110', '095900'))
    assert.ok(matches('20260111', '030000'))
    assert.ok(matches('20260112', '090030'))
    assert.ok(!matches('20260112', '100000'))
    assert.ok(matches('20260110', ''), 'a study without its time is asked by its date')
    assert.ok(!matches('', '100000'))
  })
  test('with an open end', () => {
    assert.ok(takes('20260110-', '1000-')!('20270101', '0100'))
    assert.ok(!takes('20260110-', '1000-')!('20260110', '0100'))
    assert.ok(takes('-20260110', '-1000')!('20260109', '2300'))
  })
  test('is not asked for by single values', () => {
    assert.equal(takes('20260110', '1000-1100'), undefined)
  })
})

describe('empty and multiple values, PS3.4 C.2.2.2.7 and C.2.2.2.8', () => {
  test('two quotation marks take what is absent or empty', () => {
    assert.deepEqual(found('LO', '""', ['', 'A']), [''])
    assert.deepEqual(found('DA', '""', ['', '20260101']), [''])
  })
  test('several values in a key: one is enough', () => {
    assert.deepEqual(found('CS', 'CT\\MR', ['CT', 'MR', 'US']), ['CT', 'MR'])
    assert.deepEqual(found('PN', 'doe*\\roe*', ['Doe^J', 'Roe^R', 'Poe']), ['Doe^J', 'Roe^R'])
    assert.deepEqual(found('LO', 'A\\""', ['A', '', 'B']), ['A', ''])
  })
  test('several values in an attribute: one is enough', () => {
    assert.deepEqual(found('CS', 'MR', ['CT\\MR', 'CT']), ['CT\\MR'])
  })
  test('a backslash is a letter where it does not divide values', () => {
    const { matches } = criterionOf('LT', 'A\\B', usualRules)
    assert.ok(matches(['A\\B']))
    assert.ok(!matches(['A']))
  })
})
