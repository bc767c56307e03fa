import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type Command, decodeCommand, encodeCommand } from './command.ts'
import { Violation } from './violation.ts'

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const bytesOf = (...lines: string[]) => Buffer.from(lines.join('').replaceAll(' ', ''), 'hex')

/*
 * A C-ECHO-RQ, PS3.7 §9.3.5.1, Implicit VR Little Endian: group, element, length of 32 bits, value.
 *
 * 0000 0000 00000004 38000000             group length 56
 * 0000 0002 00000012 1.2.840.10008.1.1 NUL  affected SOP class UID, padded by a NUL
 * 0000 0100 00000002 3000                 command field 0030H
 * 0000 0110 00000002 0700                 message id 7
 * 0000 0800 00000002 0101                 no dataset
 */
const echo = bytesOf(
  '0000 0000 04000000 38000000',
  '0000 0200 12000000 312e322e3834302e31303030382e312e3100',
  '0000 0001 02000000 3000',
  '0000 1001 02000000 0700',
  '0000 0008 02000000 0101',
)

const echoCommand: Command = {
  affectedSopClassUid: '1.2.840.10008.1.1',
  commandField: 0x0030,
  messageId: 7,
  commandDataSetType: 0x0101,
}

test('a C-ECHO-RQ is written and read as PS3.7 Annex E has it', () => {
  assert.equal(hex(encodeCommand(echoCommand)), hex(echo))
  assert.deepEqual(decodeCommand(echo), echoCommand)
})

describe('a command set of an old peer is read', () => {
  const command = decodeCommand

  test('without a group length, or with a wrong one', () => {
    assert.deepEqual(command(echo.subarray(12)), echoCommand)
    const wrong = Buffer.from(echo)
    wrong.writeUInt32LE(0xffffffff, 8)
    assert.deepEqual(command(wrong), echoCommand)
  })

  test('with its elements out of order, and unknown ones among them', () => {
    const unknown = bytesOf('0000 5555 03000000 010203 0800 1800 02000000 3100')
    assert.deepEqual(
      command(Buffer.concat([echo.subarray(38), unknown, echo.subarray(12, 38)])),
      echoCommand,
    )
  })

  test('with UIDs of odd length, padded by spaces, or by several NULs', () => {
    for (const [length, value] of [
      ['05', '312e322e33'],
      ['06', '312e322e3320'],
      ['08', '312e322e33000000'],
    ])
      assert.equal(
        command(bytesOf(`0000 0200 ${length}000000 ${value}`)).affectedSopClassUid,
        '1.2.3',
      )
  })

  test('with an AE title that has spaces around it', () => {
    assert.equal(command(bytesOf('0000 0006 06000000 204350414320')).moveDestination, 'CPAC')
  })
})

test('an Error Comment is cut to 64 characters, without controls, backslashes and umlauts', () => {
  const { errorComment } = decodeCommand(
    encodeCommand({ errorComment: `Größe\\\n${'x'.repeat(80)}` }),
  )
  assert.equal(errorComment, `Gr??e??${'x'.repeat(57)}`)
})

const us = fc.nat(0xffff)
const uid = fc.stringMatching(/^1(\.(0|[1-9]\d{0,5})){1,8}$/)
const tags = fc.array(fc.nat(0xffffffff), { maxLength: 5 })
const anyCommand = fc.record(
  {
    affectedSopClassUid: uid,
    requestedSopClassUid: uid,
    commandField: us,
    messageId: us,
    moveDestination: fc.stringMatching(/^[!-~]([ -~]{0,14}[!-~])?$/),
    status: us,
    offendingElement: tags,
    errorComment: fc.stringMatching(/^[!-[\]-~]([ -[\]-~]{0,62}[!-[\]-~])?$/),
    affectedSopInstanceUid: uid,
    attributeIdentifierList: tags,
    numberOfRemainingSuboperations: us,
    moveOriginatorMessageId: us,
  },
  { requiredKeys: [] },
)

test('a thousand command sets are read as they were written', () => {
  fc.assert(
    fc.property(anyCommand, command => {
      assert.deepEqual(decodeCommand(encodeCommand(command)), { ...command })
    }),
    { seed: 37, numRuns: 1000 },
  )
})

test('two thousand damaged command sets are read or are violations, and nothing else happens', () => {
  const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(anyCommand, damage, fc.nat(), (command, changes, cut) => {
      const bytes = Uint8Array.from(encodeCommand(command))
      for (const [at, value] of changes) bytes[at % bytes.length] = value
      try {
        decodeCommand(cut % 2 === 0 ? bytes : bytes.subarray(0, cut % bytes.length))
      } catch (thrown) {
        assert.ok(thrown instanceof Violation, String(thrown))
      }
    }),
    { seed: 37, numRuns: 2000 },
  )
})
