import {
  associate,
  bytes,
  data,
  echo,
  echoCommand,
  fragment,
  image,
  instanceUid,
  pdu,
  pdv,
  pieces,
  releaseRp,
  releaseRq,
  store,
  storeCommand,
  uids,
} from './bytes.ts'
import {
  aborted,
  accepted,
  answered,
  broken,
  closes,
  provider,
  released,
  type Script,
  type Step,
  trickles,
  whole,
} from './script.ts'

const sta6 = 'PS3.8 table 9-10, Sta6'

const opens: readonly Step[] = [associate(), accepted()]
const leaves: readonly Step[] = [releaseRq, released, closes]

type Reason = { source: number; reason: number }

/** On an association in good order something that ends it. */
const fatal = (title: string, reason: Reason, source: string, ...steps: Step[]): Script => ({
  title: `${title} is answered by A-ABORT`,
  source,
  steps: [...opens, ...steps, aborted(reason)],
  record: broken(reason),
})

const invalid = (title: string, step: Uint8Array) =>
  fatal(title, provider.invalidParameter, `${sta6}, invalid PDU: AA-8; §9.3.5`, step)

const unexpected = (title: string, step: Uint8Array) =>
  fatal(title, provider.unexpectedPdu, `${sta6}: AA-8`, step)

const unrecognized = (title: string, step: Uint8Array) =>
  fatal(title, provider.unrecognizedPdu, `${sta6}, unrecognized PDU: AA-8`, step)

/** What the standard allows and implementations get wrong. */
const fine = (title: string, source: string, steps: readonly Step[], stored?: Script['stored']) =>
  ({
    title,
    source,
    steps: [...opens, ...steps, ...leaves],
    record: { outcome: 'released' },
    ...(stored ? { stored } : {}),
  }) satisfies Script

const annexE = 'PS3.8 Annex E'
const echoed = answered('C-ECHO', 0x0000)
const stored = answered('C-STORE', 0x0000)
const dataset = image(200)
const command = pdv(3, fragment.lastCommand, storeCommand())

export const dataTransferScripts: readonly Script[] = [
  // PDUs
  unrecognized('a PDU of type 00H on an association', pdu(0x00, [0, 0, 0, 0])),
  unrecognized('a PDU of type 08H on an association', pdu(0x08, [0, 0, 0, 0])),
  unrecognized('a PDU of type FFH and 4 GB, as far as its head,', pdu(0xff, [], 0xffffffff)),
  unexpected('an A-ASSOCIATE-AC from the caller', bytes([2], associate().subarray(1))),
  unexpected('an A-ASSOCIATE-RJ from the caller', pdu(0x03, [0, 1, 1, 1])),
  unexpected('an A-RELEASE-RP that nobody asked for', releaseRp),
  invalid('an A-RELEASE-RQ of no bytes', pdu(0x05, [])),
  invalid('an A-RELEASE-RQ of 4 GB, as far as its head,', pdu(0x05, [], 0xffffffff)),
  invalid('an A-ABORT of five bytes', pdu(0x07, [0, 0, 0, 0, 0])),
  invalid('a P-DATA-TF of 4 GB, as far as its head,', pdu(0x04, [], 0xffffffff)),
  invalid('a P-DATA-TF of one byte more than was agreed', pdu(0x04, [], 131_073)),
  invalid('a P-DATA-TF of length 0', pdu(0x04, [])),
  invalid('a P-DATA-TF too short for a presentation data value', pdu(0x04, [0, 0, 0, 2, 1])),

  // Presentation data values
  invalid('a presentation data value of length 0', data(pdv(1, 3, echoCommand(), 0))),
  invalid('a presentation data value of length 1', data(pdv(1, 3, echoCommand(), 1))),
  invalid('a presentation data value longer than its PDU', data(pdv(1, 3, echoCommand(), 5000))),
  invalid('a presentation data value of 4 GB', data(pdv(1, 3, echoCommand(), 0xffffffff))),
  invalid(
    'a few bytes behind the last presentation data value',
    data(pdv(3, 1, [0, 0]), [0, 0, 0]),
  ),
  invalid('data in a context that was never proposed', data(pdv(77, 3, echoCommand()))),
  invalid('data in a context with an even id', data(pdv(2, 3, echoCommand()))),
  invalid('data in context 0', data(pdv(0, 3, echoCommand()))),
  {
    title: 'data in a context that was refused is answered by A-ABORT',
    source: `${sta6}, invalid PDU: AA-8; PS3.8 §9.3.5.1`,
    steps: [
      associate({
        contexts: [
          { id: 1, abstractSyntax: uids.verification },
          { id: 9, abstractSyntax: '1.2.3.4' },
        ],
      }),
      accepted({ 1: 'accepted', 9: 'abstract-syntax-not-supported' }),
      data(pdv(9, 3, echoCommand())),
      aborted(provider.invalidParameter),
    ],
    record: broken(provider.invalidParameter, /9/),
  },

  // Cut and packed anyhow
  fine(
    'a whole association sent byte by byte is as good as any',
    'RFC 9293: a byte stream',
    [trickles(bytes(echo())), echoed, trickles(store({ dataset })), stored],
    [whole(instanceUid, dataset)],
  ),
  fine(
    'command and dataset cut into values of one byte each are put together',
    annexE,
    [data(...pieces(3, 'command', storeCommand())), data(...pieces(3, 'dataset', dataset)), stored],
    [whole(instanceUid, dataset)],
  ),
  fine(
    'values of one byte, each in a PDU of its own, are put together',
    annexE,
    [
      bytes(
        ...pieces(3, 'command', storeCommand()).map(each => data(each)),
        ...pieces(3, 'dataset', dataset).map(each => data(each)),
      ),
      stored,
    ],
    [whole(instanceUid, dataset)],
  ),
  fine(
    'two values in the first PDU of a dataset are both kept',
    annexE,
    [
      data(command),
      data(pdv(3, 0, dataset.subarray(0, 100)), pdv(3, 0, dataset.subarray(100, 150))),
      data(pdv(3, fragment.lastDataset, dataset.subarray(150))),
      stored,
    ],
    [whole(instanceUid, dataset)],
  ),
  fine(
    'a command and its dataset may share a PDU',
    annexE,
    [data(command, pdv(3, fragment.lastDataset, dataset)), stored],
    [whole(instanceUid, dataset)],
  ),
  fine('two messages in one PDU are both answered', annexE, [
    data(pdv(1, 3, echoCommand(1)), pdv(1, 3, echoCommand(2))),
    echoed,
    answered('C-ECHO', 0x0000, 2),
  ]),
  fine(
    'empty values before, inside and at the end of a message count for nothing',
    annexE,
    [
      data(pdv(3, 1, []), pdv(3, 1, storeCommand()), pdv(3, fragment.lastCommand, [])),
      data(pdv(3, 0, [])),
      data(pdv(3, 0, dataset), pdv(3, 0, []), pdv(3, fragment.lastDataset, [])),
      stored,
    ],
    [whole(instanceUid, dataset)],
  ),
  fine(
    'the reserved bits of a message control header are not looked at',
    `${annexE}.2`,
    [
      data(pdv(1, 0xff, echoCommand())),
      echoed,
      data(pdv(3, 0x03 | 0x54, storeCommand())),
      data(pdv(3, 0x02 | 0xa8, dataset)),
      stored,
    ],
    [whole(instanceUid, dataset)],
  ),
  fine(
    'a P-DATA-TF of exactly the agreed length is taken',
    'PS3.8 D.1.1',
    [data(command), data(pdv(3, fragment.lastDataset, image(131_072 - 6 - 78))), stored],
    [whole(instanceUid, image(131_072 - 6 - 78))],
  ),
]
