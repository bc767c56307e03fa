import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAcceptance } from './acceptance.ts'
import { offersOf } from './scp.ts'
import { scpSettings } from './settings.ts'

const ct = '1.2.840.10008.5.1.4.1.1.2'
const mr = '1.2.840.10008.5.1.4.1.1.4'
const acceptanceOf = (settings: object) => createAcceptance(scpSettings.parse(settings))

test('every transfer syntax is taken until patterns say which, from then on only those', () => {
  const acceptance = acceptanceOf({})
  assert.ok(acceptance.takesTransferSyntax('1.2.840.113619.5.2'))
  acceptance.acceptTransferSyntaxes(['1.2.840.10008.1.2.4.5?', '1.2.840.113619.5.2'])
  assert.ok(acceptance.takesTransferSyntax('1.2.840.10008.1.2.4.50'))
  assert.ok(!acceptance.takesTransferSyntax('1.2.840.10008.1.2.1'))
  const listed = acceptance.transferSyntaxes()
  assert.equal(listed[0], '1.2.840.10008.1.2.4.50')
  assert.equal(listed.at(-1), '1.2.840.113619.5.2')
  acceptance.acceptTransferSyntaxes([])
  assert.deepEqual(acceptance.transferSyntaxes(), [])
})

test('what is changed at run time is what the next association is offered', () => {
  const acceptance = acceptanceOf({})
  const caller = { roles: [], contexts: [], extended: [] } as never
  const offer = (uid: string) => offersOf(acceptance)(uid, caller)
  const takes = (uid: string, syntax: string) => {
    const transferSyntaxes = offer(uid)?.transferSyntaxes
    return typeof transferSyntaxes === 'function' && transferSyntaxes(syntax)
  }
  assert.ok(takes(ct, '1.2.840.10008.1.2.4.70'))
  acceptance.acceptTransferSyntaxes(['1.2.840.10008.1.2'])
  assert.ok(!takes(ct, '1.2.840.10008.1.2.4.70'))
  assert.equal(offer('1.2.3.4'), undefined)
  acceptance.takeUnknown(true)
  assert.ok(offer('1.2.3.4'))
})

test('accepted SOP classes are those of the patterns, without the rejected, with the unknown by name', () => {
  const acceptance = acceptanceOf({
    acceptedSopClasses: [ct, `${ct}.?`, '1.9.9'],
    rejectedSopClasses: [`${ct}.1`],
  })
  const listed = acceptance.sopClasses()
  assert.deepEqual(listed, [
    '1.2.840.10008.5.1.4.1.1.2',
    ...[2, 3, 4, 5].map(n => `${ct}.${n}`),
    '1.9.9',
  ])
  assert.ok(!acceptance.takesSopClass(mr))
  acceptance.takeUnknown(true)
  assert.ok(!acceptance.takesSopClass(mr), 'it is known, and not wanted')
  assert.ok(acceptance.takesSopClass('1.2.3'))
})
