import assert from 'node:assert/strict'
import { test } from 'node:test'
import dcmjsDimse from 'dcmjs-dimse'
import { status } from './status.ts'
import {
  abortReason,
  abortSource,
  contextResult,
  implicitVrLittleEndian,
  priority,
  verificationSopClass,
} from './vocabulary.ts'

dcmjsDimse.log.disableAll()
const library = dcmjsDimse.constants

/** Where an independent reading of PS3.7 and PS3.8 has a name for the same number. */
test('the numbers of the wire are those that another implementation read in the standard', () => {
  const { Status, AbortReason, AbortSource, PresentationContextResult: Result, Priority } = library
  assert.equal(verificationSopClass, library.SopClass.Verification)
  assert.equal(implicitVrLittleEndian, library.TransferSyntax.ImplicitVRLittleEndian)
  assert.deepEqual(contextResult, {
    accepted: Result.Accept,
    refusedByUser: Result.RejectUser,
    refusedByProvider: Result.RejectNoReason,
    abstractSyntaxNotSupported: Result.RejectAbstractSyntaxNotSupported,
    transferSyntaxesNotSupported: Result.RejectTransferSyntaxesNotSupported,
  })
  assert.deepEqual(abortSource, {
    user: AbortSource.ServiceUser,
    provider: AbortSource.ServiceProvider,
  })
  assert.deepEqual(abortReason, {
    notSpecified: AbortReason.NotSpecified,
    unrecognizedPdu: AbortReason.UnrecognizedPdu,
    unexpectedPdu: AbortReason.UnexpectedPdu,
    unrecognizedParameter: AbortReason.UnrecognizedPduParameter,
    unexpectedParameter: AbortReason.UnexpectedPduParameter,
    invalidParameter: AbortReason.InvalidPduParameter,
  })
  assert.deepEqual(priority, { medium: Priority.Medium, high: Priority.High, low: Priority.Low })
  assert.equal(status.duplicateSopInstance, Status.DuplicateSOPInstance)
  assert.equal(status.dataSetDoesNotMatchSopClass, Status.DataSetSopClassMismatch)
  const named = Object.entries(Status as Record<string, number>).map(
    ([name, code]) => [name[0]!.toLowerCase() + name.slice(1), code] as const,
  )
  const shared = named.filter(([name]) => name in status)
  assert.ok(shared.length >= 20, `only ${shared.length} names are shared`)
  for (const [name, code] of shared) assert.equal(status[name as keyof typeof status], code, name)
})
