import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { UserInformation } from './items.ts'
import {
  type AssociateAc,
  type AssociateRq,
  decodeAbort,
  decodeAssociateAc,
  decodeAssociateRj,
  decodeAssociateRq,
  encodeAbort,
  encodeAssociateAc,
  encodeAssociateRj,
  encodeAssociateRq,
  encodeReleaseRp,
  encodeReleaseRq,
} from './pdu.ts'
import { Violation } from './violation.ts'

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const bytesOf = (...lines: string[]) => Buffer.from(lines.join('').replaceAll(' ', ''), 'hex')
const bodyOf = (pdu: Uint8Array) => pdu.subarray(6)

/*
 * An A-ASSOCIATE-RQ, PS3.8 §9.3.2:
 *
 * 01 00 000000c1                    type 01H, reserved, 193 bytes
 * 0001 0000                         protocol version 1, reserved
 * 4f5448455220…                     called AE title "OTHER", 16 bytes
 * 57415953544154494f4e…             calling AE title "WAYSTATION"
 * 00 × 32                           reserved
 * 10 00 0015  1.2.840.10008.3.1.1.1 application context
 * 20 00 002e  01 000000             presentation context 1, reserved
 *   30 00 0011  1.2.840.10008.1.1   abstract syntax: Verification
 *   40 00 0011  1.2.840.10008.1.2   transfer syntax: Implicit VR Little Endian
 * 50 00 0026                        user information
 *   51 00 0004  00004000            maximum length 16384
 *   52 00 0005  1.2.3               implementation class UID
 *   53 00 0004  0001 0001           asynchronous operations window 1, 1
 *   54 00 0009  0005 1.2.3 01 00    role of SOP class 1.2.3: SCU yes, SCP no
 */
const associateRq = bytesOf(
  '01 00 000000c1 0001 0000',
  '4f54484552202020202020202020 2020 57415953544154494f4e 202020202020',
  '00'.repeat(32),
  '10 00 0015 312e322e3834302e31303030382e332e312e312e31',
  '20 00 002e 01 000000',
  '30 00 0011 312e322e3834302e31303030382e312e31',
  '40 00 0011 312e322e3834302e31303030382e312e32',
  '50 00 0026 51 00 0004 00004000 52 00 0005 312e322e33',
  '53 00 0004 0001 0001 54 00 0009 0005 312e322e33 01 00',
)

const request: AssociateRq = {
  protocolVersion: 1,
  calledAeTitle: 'OTHER',
  callingAeTitle: 'WAYSTATION',
  applicationContext: '1.2.840.10008.3.1.1.1',
  contexts: [
    { id: 1, abstractSyntax: '1.2.840.10008.1.1', transferSyntaxes: ['1.2.840.10008.1.2'] },
  ],
  user: {
    maxPduLength: 16384,
    implementationClassUid: '1.2.3',
    asynchronousOperations: { invoked: 1, performed: 1 },
    roles: [{ sopClassUid: '1.2.3', scu: true, scp: false }],
    extended: [],
    commonExtended: [],
  },
}

describe('golden PDUs', () => {
  test('A-ASSOCIATE-RQ is written and read as PS3.8 §9.3.2 has it', () => {
    const golden = Buffer.from(associateRq)
    golden.writeUInt32BE(golden.length - 6, 2)
    assert.equal(hex(encodeAssociateRq(request)), hex(golden))
    assert.deepEqual(decodeAssociateRq(bodyOf(golden)), request)
  })

  test('A-ASSOCIATE-RJ: rejected-permanent (01), service-user (01), called AE title not recognized (07)', () => {
    const golden = bytesOf('03 00 00000004 00 01 01 07')
    assert.equal(hex(encodeAssociateRj({ result: 1, source: 1, reason: 7 })), hex(golden))
    assert.deepEqual(decodeAssociateRj(bodyOf(golden)), { result: 1, source: 1, reason: 7 })
  })

  test('A-RELEASE-RQ and A-RELEASE-RP are four reserved bytes', () => {
    assert.equal(hex(encodeReleaseRq()), '05000000000400000000')
    assert.equal(hex(encodeReleaseRp()), '06000000000400000000')
  })

  test('A-ABORT: service-provider (02), unexpected PDU (02)', () => {
    const golden = bytesOf('07 00 00000004 00 00 02 02')
    assert.equal(hex(encodeAbort({ source: 2, reason: 2 })), hex(golden))
    assert.deepEqual(decodeAbort(bodyOf(golden)), { source: 2, reason: 2 })
  })

  /*
   * 59 00 0006 0004 01020304  server response of four bytes
   * 56 00 000a 0005 1.2.3 ff00ff  extended negotiation of SOP class 1.2.3
   */
  test('user information carries identities and application information as bytes', () => {
    const ac: AssociateAc = {
      ...request,
      contexts: [{ id: 1, result: 0, transferSyntax: '1.2.840.10008.1.2' }],
      user: {
        ...request.user,
        extended: [{ sopClassUid: '1.2.3', applicationInformation: Uint8Array.of(255, 0, 255) }],
        userIdentityResponse: Uint8Array.of(1, 2, 3, 4),
      },
    }
    const written = encodeAssociateAc(ac)
    assert.match(hex(written), /5600000a0005312e322e33ff00ff/)
    assert.match(hex(written), /59000006000401020304/)
    assert.deepEqual(plain(decodeAssociateAc(bodyOf(written))), plain(ac))
  })
})

/** Buffers and arrays of bytes are compared by their bytes. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_key, one) =>
      one?.type === 'Buffer' ? one.data : one instanceof Uint8Array ? [...one] : one,
    ),
  )
}

const uid = fc.stringMatching(/^1(\.(0|[1-9]\d{0,5})){1,8}$/)
const aeTitle = fc.stringMatching(/^[!-~]([ -~]{0,14}[!-~])?$/)
const someBytes = fc.uint8Array({ maxLength: 300 })
const present = <T>(what: fc.Arbitrary<T>) => fc.option(what, { nil: undefined })

const anyRequest: fc.Arbitrary<AssociateRq> = fc.record({
  protocolVersion: fc.nat(0xffff),
  calledAeTitle: aeTitle,
  callingAeTitle: aeTitle,
  applicationContext: uid,
  contexts: fc.uniqueArray(
    fc.record({
      id: fc.nat(127).map(index => 2 * index + 1),
      abstractSyntax: uid,
      transferSyntaxes: fc.array(uid, { maxLength: 5 }),
    }),
    { maxLength: 12, selector: context => context.id },
  ),
  user: fc
    .record({
      maxPduLength: fc.oneof(fc.constant(0), fc.integer({ min: 8, max: 0xffffffff })),
      implementationClassUid: present(uid),
      implementationVersionName: present(fc.constant('DCMTK_367')),
      roles: fc.array(fc.record({ sopClassUid: uid, scu: fc.boolean(), scp: fc.boolean() }), {
        maxLength: 5,
      }),
      extended: fc.array(fc.record({ sopClassUid: uid, applicationInformation: someBytes }), {
        maxLength: 5,
      }),
      commonExtended: fc.array(
        fc.record({
          sopClassUid: uid,
          serviceClassUid: uid,
          relatedSopClassUids: fc.array(uid, { maxLength: 4 }),
        }),
        { maxLength: 3 },
      ),
      userIdentity: present(
        fc.record({
          type: fc.integer({ min: 1, max: 5 }),
          positiveResponseRequested: fc.boolean(),
          primary: someBytes,
          secondary: someBytes,
        }),
      ),
    })
    .map(withoutUndefined),
})

function withoutUndefined(fields: object): UserInformation {
  const defined = Object.entries(fields).filter(([, value]) => value !== undefined)
  return Object.fromEntries(defined) as unknown as UserInformation
}

describe('of a thousand association requests', () => {
  const seed = 38

  test('each is read as it was written', () => {
    fc.assert(
      fc.property(anyRequest, rq => {
        assert.deepEqual(plain(decodeAssociateRq(bodyOf(encodeAssociateRq(rq)))), plain(rq))
      }),
      { seed, numRuns: 1000 },
    )
  })

  test('each that is damaged is read or is a violation, and nothing else happens', () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(anyRequest, damage, fc.nat(), (rq, changes, cut) => {
        const body = Uint8Array.from(bodyOf(encodeAssociateRq(rq)))
        for (const [at, value] of changes) body[at % body.length] = value
        const damaged = cut % 3 === 0 ? body.subarray(0, cut % body.length) : body
        for (const decode of [decodeAssociateRq, decodeAssociateAc])
          try {
            decode(damaged)
          } catch (thrown) {
            assert.ok(thrown instanceof Violation, String(thrown))
          }
      }),
      { seed, numRuns: 1000 },
    )
  })
})
