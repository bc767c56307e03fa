import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Fault, type FaultCode } from '../../../appliance/faults.ts'
import {
  DatasetWalker,
  readDataset,
  readFileMeta,
  transferSyntaxes,
} from '../../../appliance/standard/dicom/dicom.ts'
// The wire's face shows associations, not their parsing; a socket for each of 70,000 cases is dear.
import { decodeCommand, encodeCommand } from '../../../appliance/standard/dimse/command.ts'
import {
  decodeAbort,
  decodeAssociateAc,
  decodeAssociateRj,
  decodeAssociateRq,
  encodeAssociateRq,
} from '../../../appliance/standard/dimse/pdu.ts'
import { PduReader } from '../../../appliance/standard/dimse/reader.ts'
import {
  abort,
  associate,
  bytes,
  command,
  data,
  echo,
  echoCommand,
  element,
  fragment,
  image,
  implementationClass,
  item,
  maximumLength,
  pdv,
  pieces,
  releaseRq,
  store,
  storeCommand,
  u16,
  u16le,
  u32le,
  uids,
} from './bytes.ts'
import { openConnection } from './connection.ts'
import { cut, places, spoilt } from './mutations.ts'
import { openWitness, startSubject } from './subject.ts'

/** WAYSTATION_FUZZ_CASES makes it longer, WAYSTATION_FUZZ_SEED different; a failure prints its seed. */
const cases = Number(process.env.WAYSTATION_FUZZ_CASES ?? 100_000)
const seed = Number(process.env.WAYSTATION_FUZZ_SEED ?? 20_260_101)
const share = (part: number) => ({ numRuns: Math.ceil(cases * part), seed })

const limits = { pduLength: 131_072, associatePduBytes: 262_144 }

/** What may come of any bytes: an answer, or one of these faults; anything else is a crash. */
function survives<T>(codes: readonly FaultCode[], parse: () => T): T | FaultCode {
  try {
    return parse()
  } catch (thrown) {
    if (thrown instanceof Fault && codes.includes(thrown.code)) return thrown.code
    throw thrown
  }
}

const manyItems = associate({
  user: [
    maximumLength(16384),
    implementationClass,
    item(0x53, bytes(u16(4), u16(4))),
    item(0x54, bytes(u16(uids.ctImage.length), uids.ctImage, [1, 1])),
    item(0x55, 'PARROT_1'),
    item(0x56, bytes(u16(3), '1.2', [1, 2, 3])),
    item(0x57, bytes(u16(3), '1.2', u16(1), '4', u16(5), u16(3), '1.3')),
    item(0x58, bytes([2, 1], u16(3), 'eve', u16(4), 'pass')),
  ],
})

const conversation = bytes(
  associate(),
  echo(),
  data(...pieces(3, 'command', storeCommand(), 20)),
  data(pdv(3, 0, image(30)), pdv(3, 0, [])),
  data(pdv(3, fragment.lastDataset, [])),
  releaseRq,
)

/** Tag, VR, length of 16 bits, value: Explicit VR Little Endian, PS3.5 §7.1.2. */
const explicit = (group: number, number: number, vr: string, value: string) =>
  bytes(u16le(group), u16le(number), vr, u16le(value.length), value)

const explicitDataset = bytes(
  explicit(0x0008, 0x0005, 'CS', 'ISO_IR 100\\ISO 2022 IR 87 '),
  explicit(0x0008, 0x0018, 'UI', '1.2.3.4\0'),
  explicit(0x0010, 0x0010, 'PN', 'Parrot^Polly'),
  // Pixel data in fragments: an empty offset table, four bytes, the end (PS3.5 §A.4).
  bytes([0xe0, 0x7f, 0x10, 0], 'OB', [0, 0], u32le(0xffffffff)),
  bytes(element(0xfffee000, []), element(0xfffee000, 'abcd'), element(0xfffee0dd, [])),
)

/** Items in items: one of defined and one of undefined length, PS3.5 §7.5, Implicit VR. */
const sequences = bytes(
  element(0x00080018, '1.2\0'),
  element(0x00081140, element(0xfffee000, element(0x00081150, '1.5\0'))),
  element(0x00081115, [], 0xffffffff),
  element(0xfffee000, [], 0xffffffff),
  element(0x00081140, element(0xfffee000, image(4))),
  element(0xfffee00d, []),
  element(0xfffee0dd, []),
)

const fileHead = bytes(
  Buffer.alloc(128),
  'DICM',
  bytes([2, 0, 0, 0], 'UL', u16le(4), u32le(60)),
  bytes([2, 0, 1, 0], 'OB', [0, 0], u32le(2), [0, 1]),
  explicit(0x0002, 0x0010, 'UI', '1.2.840.10008.1.2.1\0'),
  explicitDataset,
)

/** Everything that a reader tells of a stream, with neighbouring pieces of a value put together. */
function readStream(chunks: readonly Uint8Array[]): { told: unknown[]; ended: unknown } {
  const told: unknown[] = []
  let value: Buffer[] = []
  const reader = new PduReader(
    {
      data: () => told.push('data'),
      fragment(contextId, isCommand, last, piece, ends) {
        value.push(Buffer.from(piece))
        if (!ends) return
        told.push([contextId, isCommand, last, Buffer.concat(value).toString('hex')])
        value = []
      },
      control: (type, body) => told.push([type, Buffer.from(body).toString('hex')]),
    },
    limits,
  )
  const ended = survives(['protocol-broken'], () => {
    for (const chunk of chunks) reader.push(chunk)
  })
  return { told, ended }
}

describe(`of ${cases} bad inputs by seed ${seed}`, () => {
  it('a stream of PDUs is read the same however the network cuts it', () => {
    fc.assert(
      fc.property(spoilt(conversation, manyItems, bytes(echo(), abort)), places, (stream, at) => {
        assert.deepEqual(readStream(cut(stream, at)), readStream([stream]))
      }),
      share(0.3),
    )
  })

  it('an association request, answer, rejection or abort is read or refused', () => {
    const bodies = [associate(), manyItems].map(pdu => pdu.subarray(6))
    fc.assert(
      fc.property(spoilt(...bodies, abort.subarray(6)), body => {
        const codes = ['protocol-broken'] as const
        const read = survives(codes, () => decodeAssociateRq(body))
        survives(codes, () => decodeAssociateAc(body))
        survives(codes, () => decodeAssociateRj(body))
        survives(codes, () => decodeAbort(body))
        // What was understood can be said again, and is understood the same.
        if (typeof read === 'object')
          assert.deepEqual(decodeAssociateRq(encodeAssociateRq(read).subarray(6)), read)
      }),
      share(0.2),
    )
  })

  it('a command set is read or refused', () => {
    const find = command({
      sopClassUid: uids.studyRootFind,
      field: 0x20,
      messageId: 7,
      more: [element(0x00000901, [8, 0, 0x18, 0]), element(0x00000902, 'why ')],
    })
    fc.assert(
      fc.property(spoilt(echoCommand(), storeCommand(), find), set => {
        const read = survives(['protocol-broken'], () => decodeCommand(set))
        if (typeof read === 'object') decodeCommand(encodeCommand(read))
      }),
      share(0.25),
    )
  })

  it('a dataset’s header is read or refused, by walking as by reading', () => {
    const syntaxes = [...transferSyntaxes.values()].filter(each => !each.deflated)
    const kinds = ['implicit', 'explicit', 'big-endian', 'encapsulated'].map(
      (_, at) =>
        syntaxes.filter(
          each => at === (each.encapsulated ? 3 : each.bigEndian ? 2 : each.explicit ? 1 : 0),
        )[0]!.uid,
    )
    fc.assert(
      fc.property(
        spoilt(image(40), explicitDataset, sequences),
        fc.constantFrom(...kinds),
        places,
        (dataset, transferSyntaxUid, at) => {
          const codes = ['dataset-truncated', 'dataset-malformed', 'too-large'] as const
          survives(codes, () => {
            for (const { tag } of readDataset(dataset, transferSyntaxUid).elements()) void tag
          })
          survives(codes, () => readDataset(dataset, transferSyntaxUid, { lenient: true }))
          survives(codes, () => {
            const walker = new DatasetWalker(transferSyntaxUid)
            for (const chunk of cut(dataset, at)) void walker.push(chunk)
            void walker.end()
          })
        },
      ),
      share(0.18),
    )
  })

  it('a file’s head is read or refused', () => {
    fc.assert(
      fc.property(spoilt(fileHead), file => {
        survives(['not-dicom'], () => readFileMeta(file))
      }),
      share(0.05),
    )
  })

  it('no conversation makes the acceptor fall silent, fail or forget the others', async () => {
    const subject = await startSubject()
    const witness = await openWitness(subject.port)
    const parts = [echo(), store(), data(pdv(1, 1, [0])), data(pdv(3, 0, image(9))), releaseRq]
    const talk = fc.array(spoilt(...parts), { maxLength: 5 }).map(said => bytes(...said))
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          { weight: 3, arbitrary: talk.map(said => bytes(associate(), said)) },
          { weight: 1, arbitrary: spoilt(conversation, manyItems) },
        ),
        async said => {
          const peer = await openConnection(subject.port)
          peer.write(said)
          peer.halfClose()
          const { outcome, sentence } = await subject.record(peer.port)
          peer.reset()
          assert.notEqual(outcome, 'stopped', `an error of ours: ${sentence}`)
          assert.notEqual(sentence, '')
        },
      ),
      share(0.02),
    )
    await witness.stores()
    assert.equal(subject.acceptor.associations(), 1)
    await witness.leaves()
    await subject.stop()
  })
})
