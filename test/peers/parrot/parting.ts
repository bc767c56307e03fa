import {
  abort,
  associate,
  bytes,
  command,
  data,
  echo,
  image,
  instanceUid,
  pdu,
  pdv,
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
  halfCloses,
  hears,
  hearsEnd,
  passes,
  provider,
  released,
  resets,
  type Script,
  type Step,
  stopsReading,
  trickles,
} from './script.ts'

const opens: readonly Step[] = [associate(), accepted()]

/** The A-ABORT of a service-user that gives up (AA-1): its reason is not significant. */
const givenUp = { source: 0, reason: 0 }
const timedOut = {
  outcome: 'timed-out' as const,
  abort: { by: 'us' as const, ...givenUp },
  sentence: /silent|no answer/,
}

const failed = (code: string) => [{ sopInstanceUid: instanceUid, came: code }]

const half = image(3000).subarray(0, 1500)
/** A C-STORE that is not over: the command, and half of the dataset. */
const halfStore = bytes(data(pdv(3, 3, storeCommand())), data(pdv(3, 0, half)))

const idle = 'the timer idle; PS3.8 table 9-10, Sta6, A-ABORT request: AA-1'
const sta13 = 'PS3.8 table 9-10, Sta13'
const closed = 'PS3.8 table 9-10, Sta6, transport closed: AA-4'

const silent = (title: string, steps: readonly Step[], stored: Script['stored'] = []): Script => ({
  title: `silence ${title} is ended by A-ABORT when the idle time is over`,
  source: idle,
  steps: [...opens, ...steps, passes(590), passes(20), aborted(givenUp)],
  record: timedOut,
  stored,
})

const gone = (title: string, step: Step, steps: readonly Step[], stored: Script['stored'] = []) =>
  ({
    title,
    source: closed,
    steps: [...opens, ...steps, passes(1), step],
    record: { outcome: 'disconnected' },
    stored,
  }) satisfies Script

/** How associations end that do not end well, in every phase: silence, slowness, and leaving. */
export const partingScripts: readonly Script[] = [
  // Silence
  silent('after the association was accepted', []),
  silent('after a request was answered', [echo(), answered('C-ECHO', 0x0000)]),
  silent('in the head of a PDU', [echo().subarray(0, 3)]),
  silent('in the head of a presentation data value', [echo().subarray(0, 9)]),
  silent('inside a command', [echo().subarray(0, 40)]),
  silent(
    'between a command and its dataset',
    [data(pdv(3, 3, storeCommand()))],
    failed('peer-timeout'),
  ),
  silent('inside a dataset', [halfStore], failed('peer-timeout')),
  silent('inside a release request', [releaseRq.subarray(0, 8)]),
  silent('inside an abort', [abort.subarray(0, 7)]),

  // Slowness
  {
    title:
      'a command that comes byte by byte, a minute each, is not waited for longer than silence',
    source: idle,
    steps: [...opens, trickles(echo().subarray(0, 11), 60), aborted(givenUp)],
    record: timedOut,
  },
  {
    title: 'a PDU head that comes byte by byte, two minutes each, is not waited for either',
    source: idle,
    steps: [...opens, trickles(echo().subarray(0, 6), 120), aborted(givenUp)],
    record: timedOut,
  },
  {
    title: 'empty values that come once a minute do not keep an association alive',
    source: idle,
    steps: [
      ...opens,
      ...Array.from({ length: 10 }).flatMap(() => [data(pdv(1, 1, [])), passes(61)]),
      aborted(givenUp),
    ],
    record: timedOut,
  },
  {
    title: 'a dataset that trickles in byte by byte is waited for while the time of idle lasts',
    source: 'the limit slowestSender',
    steps: [
      ...opens,
      data(pdv(3, 3, storeCommand())),
      data(pdv(3, 2, image(0))).subarray(0, 12),
      trickles(image(0), 5),
      answered('C-STORE', 0x0000),
      releaseRq,
      released,
      closes,
    ],
    record: { outcome: 'released' },
    stored: [{ sopInstanceUid: instanceUid, came: image(0).toString('hex') }],
  },
  {
    title: 'a dataset of one byte a minute, never silent for long, is not waited for',
    source: 'the limit slowestSender',
    steps: [
      ...opens,
      data(pdv(3, 3, storeCommand())),
      data(pdv(3, 2, image(0))).subarray(0, 12),
      trickles(image(0).subarray(0, 11), 60),
      aborted(givenUp),
    ],
    record: { ...timedOut, sentence: /more slowly than is allowed.*slowestSender/ },
    stored: failed('peer-timeout'),
  },
  {
    title: 'a peer that asks and asks and takes no answer is given up, and its answers with it',
    source: 'the timer writeStall',
    services: {
      operations: {
        async *'C-FIND'() {
          for (;;) yield { status: 0xff00, dataset: Buffer.alloc(60_000) }
        },
      },
    },
    steps: [
      ...opens,
      stopsReading,
      data(
        pdv(
          5,
          3,
          command({ sopClassUid: uids.studyRootFind, field: 0x20, messageId: 1, dataset: true }),
        ),
        pdv(5, 2, image(0)),
      ),
      passes(59),
      passes(70),
    ],
    record: { outcome: 'timed-out', sentence: /no more data/ },
  },

  // Leaving without a word
  gone('a peer that resets after the acceptance leaves nothing', resets, []),
  gone('a peer that resets inside a command leaves nothing', resets, [echo().subarray(0, 30)]),
  gone(
    'a peer that resets between command and dataset leaves nothing half kept',
    resets,
    [data(pdv(3, 3, storeCommand()))],
    failed('peer-aborted'),
  ),
  gone(
    'a peer that resets in the middle of a dataset leaves nothing half kept',
    resets,
    [halfStore],
    failed('peer-aborted'),
  ),
  gone(
    'a peer that closes in the middle of a dataset leaves nothing half kept',
    closes,
    [halfStore],
    failed('peer-aborted'),
  ),
  gone('a peer that closes without release is recorded as gone', closes, [
    echo(),
    answered('C-ECHO', 0x0000),
  ]),
  gone('a peer that closes in the head of a PDU is recorded as gone', closes, [
    echo().subarray(0, 2),
  ]),

  // Aborting
  {
    title: 'an A-ABORT in the middle of a dataset leaves nothing half kept, and is not answered',
    source: 'PS3.8 table 9-10, Sta6: AA-3',
    steps: [...opens, halfStore, abort, hearsEnd],
    record: { outcome: 'aborted', abort: { by: 'peer', source: 0, reason: 0 } },
    stored: failed('peer-aborted'),
  },
  {
    title: 'an A-ABORT with a source and a reason that do not exist is an A-ABORT',
    source: 'PS3.8 table 9-10, Sta6: AA-3',
    steps: [...opens, pdu(0x07, [0xff, 0xff, 0xee, 0xdd]), hearsEnd],
    record: { outcome: 'aborted', abort: { by: 'peer', source: 0xee, reason: 0xdd } },
  },
  {
    title: 'what comes behind an A-ABORT is not looked at',
    source: 'PS3.8 table 9-10: AA-3 closes the connection',
    steps: [
      ...opens,
      bytes(abort, echo(), pdu(0xff, [], 0xffffffff), Buffer.alloc(9000)),
      hearsEnd,
    ],
    record: { outcome: 'aborted' },
  },

  // Releasing
  {
    title: 'a second A-RELEASE-RQ is not answered',
    source: `${sta13}: AA-6`,
    steps: [...opens, bytes(releaseRq, releaseRq), released, closes],
    record: { outcome: 'released' },
  },
  {
    title: 'data behind an A-RELEASE-RQ is not looked at',
    source: `${sta13}: AA-6`,
    steps: [...opens, bytes(releaseRq, echo(), store()), released, closes],
    record: { outcome: 'released' },
  },
  {
    title: 'an association request behind a release opens no association',
    source: `${sta13}: AA-7`,
    steps: [...opens, releaseRq, released, associate(), closes],
    record: { outcome: 'released' },
  },
  {
    title: 'a caller that releases and does not close is closed after the ARTIM time',
    source: `${sta13}, ARTIM expired: AA-2`,
    steps: [...opens, releaseRq, released, passes(31), hearsEnd],
    record: { outcome: 'released' },
  },
  {
    title: 'a caller that is aborted and goes on shouting is closed after the ARTIM time',
    source: `${sta13}: AA-6; ARTIM expired: AA-2`,
    steps: [
      ...opens,
      pdu(0x99, []),
      hears({ pdu: 'A-ABORT', ...provider.unrecognizedPdu }),
      trickles(Buffer.alloc(31, 0x41), 1),
      hearsEnd,
    ],
    record: broken(provider.unrecognizedPdu),
  },
  {
    title: 'a release behind a request is answered after it',
    source: 'PS3.8 §7.2: the release loses nothing',
    steps: [...opens, bytes(echo(1), releaseRq), answered('C-ECHO', 0x0000), released, closes],
    record: { outcome: 'released' },
  },
  {
    title: 'a caller that half-closes behind its release still hears the answer',
    source: 'PS3.8 §9.2, AR-4',
    steps: [...opens, releaseRq, halfCloses, released, hearsEnd],
    record: { outcome: 'released' },
  },

  // Before the answer to the request
  {
    title:
      'data that does not wait for the answer to its association request is answered by A-ABORT',
    source: 'PS3.8 table 9-10, Sta3: AA-8',
    admit: () => new Promise(() => {}),
    steps: [bytes(associate(), echo()), aborted(provider.unexpectedPdu)],
    record: broken(provider.unexpectedPdu),
  },
  {
    title: 'a caller that leaves while its association is being decided on leaves nothing',
    source: 'PS3.8 table 9-10, Sta3, transport closed: AA-4',
    admit: () => new Promise(resolve => setImmediate(() => resolve('accepted'))),
    steps: [associate(), resets],
    record: { outcome: 'disconnected' },
  },
]
