import assert from 'node:assert/strict'
import { test } from 'node:test'
import { styled } from './json.ts'

test('JSON is printed as Orthanc prints it', () => {
  const printed = styled({
    b: [1, 'é\u007f😀', []],
    a: { c: null, d: {}, gone: undefined },
    e: [{ f: true }],
    g: 'tab\t"quoted"\u0001/',
  })
  assert.equal(
    printed,
    [
      '{',
      '   "a" : ',
      '   {',
      '      "c" : null,',
      '      "d" : {}',
      '   },',
      '   "b" : ',
      '   [',
      '      1,',
      '      "\\u00e9\u007f\\ud83d\\ude00",',
      '      []',
      '   ],',
      '   "e" : ',
      '   [',
      '      {',
      '         "f" : true',
      '      }',
      '   ],',
      '   "g" : "tab\\t\\"quoted\\"\\u0001/"',
      '}',
    ].join('\n'),
  )
})

test('an empty list and an empty object are a pair of brackets', () => {
  assert.equal(styled([]), '[]')
  assert.equal(styled({ gone: undefined }), '{}')
})
