import {
  associate,
  bytes,
  command,
  commandSet,
  data,
  echo,
  echoCommand,
  element,
  fragment,
  groupLength,
  image,
  instanceUid,
  pdv,
  pieces,
  releaseRq,
  store,
  storeCommand,
  u16le,
  uid,
  uids,
} from './bytes.ts'
import {
  aborted,
  accepted,
  answered,
  broken,
  closes,
  hears,
  provider,
  released,
  type Script,
  type Step,
  type Stored,
  whole,
} from './script.ts'

const opens: readonly Step[] = [associate(), accepted()]
const leaves: readonly Step[] = [releaseRq, released, closes]

const echoed = answered('C-ECHO', 0x0000, 9)
/** The association lives: it is asked something else, and left in good order. */
const lives: readonly Step[] = [echo(9), echoed, ...leaves]

const dataset = image(64)
const wholeDataset = pdv(3, fragment.lastDataset, dataset)

/** A message that cannot be one: the association is over. */
const fatal = (
  title: string,
  reason: { source: number; reason: number },
  source: string,
  steps: readonly Step[],
  stored: readonly Stored[] = [],
): Script => ({
  title: `${title} is answered by A-ABORT`,
  source,
  steps: [...opens, ...steps, aborted(reason)],
  record: broken(reason),
  stored,
})

/** A request that is refused by its status, or a mistake that is forgiven; the association lives. */
const lived = (
  title: string,
  source: string,
  steps: readonly Step[],
  stored: readonly Stored[] = [],
): Script => ({
  title,
  source,
  steps: [...opens, ...steps, ...lives],
  record: { outcome: 'released' },
  stored,
})

const broken_ = (message: string) => [{ sopInstanceUid: instanceUid, came: message }]

const sequence = 'PS3.7 §6.3.1 and PS3.8 Annex E: a command, then its dataset, in one context'
const malformed = 'PS3.7 §6.3.1 and E.1'
const commandOnly = (contents: Uint8Array) => data(pdv(1, fragment.lastCommand, contents))

export const messageScripts: readonly Script[] = [
  // The order of fragments
  fatal('a dataset without a command', provider.unexpectedParameter, sequence, [
    data(wholeDataset),
  ]),
  fatal(
    'a second command in the middle of a dataset',
    provider.unexpectedParameter,
    sequence,
    [
      data(pdv(3, 3, storeCommand()), pdv(3, 0, dataset.subarray(0, 50))),
      data(pdv(3, 3, storeCommand())),
    ],
    broken_('protocol-broken'),
  ),
  fatal(
    'a C-ECHO in the middle of a dataset',
    provider.unexpectedParameter,
    sequence,
    [data(pdv(3, 3, storeCommand()), pdv(3, 0, dataset.subarray(0, 50))), echo()],
    broken_('protocol-broken'),
  ),
  fatal(
    'a dataset in another context than its command',
    provider.unexpectedParameter,
    sequence,
    [data(pdv(3, 3, storeCommand()), pdv(5, 2, dataset))],
    broken_('protocol-broken'),
  ),
  fatal('two commands whose fragments mingle', provider.unexpectedParameter, sequence, [
    data(pdv(1, 1, echoCommand().subarray(0, 20)), pdv(3, 1, storeCommand().subarray(0, 20))),
  ]),
  fatal('a dataset fragment inside a command', provider.unexpectedParameter, sequence, [
    data(pdv(3, 1, storeCommand().subarray(0, 20)), pdv(3, 0, dataset)),
  ]),
  fatal(
    'an A-RELEASE-RQ in the middle of a dataset',
    provider.unexpectedPdu,
    sequence,
    [data(pdv(3, 3, storeCommand()), pdv(3, 0, dataset.subarray(0, 50))), releaseRq],
    broken_('protocol-broken'),
  ),
  fatal('an A-RELEASE-RQ in the middle of a command', provider.unexpectedPdu, sequence, [
    data(pdv(3, 1, storeCommand().subarray(0, 20))),
    releaseRq,
  ]),

  // Command sets
  fatal('a command set larger than any', provider.invalidParameter, 'the setting commandBytes', [
    bytes(...pieces(1, 'command', Buffer.alloc(80_000), 8_000).map(each => data(each))),
  ]),
  fatal(
    'an endless command of one byte in each value',
    provider.invalidParameter,
    'the setting commandBytes',
    [bytes(...Array.from({ length: 14 }, () => data(...Array<Buffer>(5000).fill(pdv(1, 1, [0])))))],
  ),
  fatal('an empty command set', provider.invalidParameter, malformed, [commandOnly(bytes())]),
  fatal('a command set of one byte', provider.invalidParameter, malformed, [
    commandOnly(bytes([0])),
  ]),
  fatal('a command set of random bytes', provider.invalidParameter, malformed, [
    commandOnly(Buffer.from('Waystation, you shall not pass, and neither shall I.')),
  ]),
  fatal('a command element longer than its set', provider.invalidParameter, malformed, [
    commandOnly(bytes(groupLength(8), element(0x00000002, '', 0xffffffff))),
  ]),
  fatal('a command set that ends inside an element’s head', provider.invalidParameter, malformed, [
    commandOnly(bytes(echoCommand(), [0, 0, 2, 0, 4, 0])),
  ]),
  fatal('a command without Command Field', provider.invalidParameter, malformed, [
    commandOnly(commandSet(element(0x00000110, u16le(1)), element(0x00000800, u16le(0x0101)))),
  ]),
  fatal('a request without Message ID', provider.invalidParameter, malformed, [
    commandOnly(
      commandSet(
        element(0x00000002, uid(uids.verification)),
        element(0x00000100, u16le(0x0030)),
        element(0x00000800, u16le(0x0101)),
      ),
    ),
  ]),
  fatal(
    'an answer that nobody asked for',
    provider.unexpectedParameter,
    'PS3.7 §9.3: a response follows a request',
    [
      commandOnly(
        commandSet(
          element(0x00000100, u16le(0x8030)),
          element(0x00000120, u16le(1)),
          element(0x00000800, u16le(0x0101)),
          element(0x00000900, u16le(0)),
        ),
      ),
    ],
  ),
  lived('a Command Field that does not exist is answered by 0211H', 'PS3.7 Annex C.5.20', [
    commandOnly(command({ sopClassUid: uids.verification, field: 0x0099, messageId: 1 })),
    hears({ pdu: 'P-DATA-TF', field: 0x8099, messageId: 1, status: 0x0211 }),
  ]),
  lived('a command whose group length lies is read all the same', malformed, [
    commandOnly(bytes(groupLength(0xffffff), echoCommand().subarray(12))),
    answered('C-ECHO', 0x0000),
  ]),
  lived('a command without group length is read all the same', malformed, [
    commandOnly(echoCommand().subarray(12)),
    answered('C-ECHO', 0x0000),
  ]),
  lived('a command with elements out of order, twice, odd or unknown is read', malformed, [
    commandOnly(
      commandSet(
        element(0x00000800, u16le(0x0101)),
        element(0x00000110, u16le(7)),
        element(0x00000110, u16le(1)),
        element(0x00000002, uids.verification),
        element(0x0000fffe, 'odd'),
        element(0x00080005, 'ISO_IR 192'),
        element(0x00000100, u16le(0x0030)),
      ),
    ),
    answered('C-ECHO', 0x0000),
  ]),
  fatal('a Message ID of one byte', provider.invalidParameter, malformed, [
    commandOnly(
      commandSet(
        element(0x00000002, uid(uids.verification)),
        element(0x00000100, u16le(0x0030)),
        element(0x00000110, [1]),
        element(0x00000800, u16le(0x0101)),
      ),
    ),
  ]),

  // Requests that cannot be served
  lived('a C-STORE without a dataset is answered by C000H', 'PS3.4 B.2.3, cannot understand', [
    data(
      pdv(
        3,
        fragment.lastCommand,
        command({
          sopClassUid: uids.ctImage,
          field: 0x0001,
          messageId: 1,
          more: [element(0x00001000, uid(instanceUid))],
        }),
      ),
    ),
    answered('C-STORE', 0xc000),
  ]),
  lived(
    'a C-STORE without SOP Instance UID is answered by C000H',
    'PS3.4 B.2.3, cannot understand',
    [
      data(
        pdv(3, 3, command({ sopClassUid: uids.ctImage, field: 1, messageId: 1, dataset: true })),
      ),
      data(wholeDataset),
      answered('C-STORE', 0xc000),
    ],
  ),
  ...['../../../../etc/passwd', '1.2\\3.4', '9'.repeat(65), '1.2.\u00fc'].map(wrong =>
    lived(
      `a C-STORE of the instance ${JSON.stringify(wrong).slice(0, 20)} is answered by C000H`,
      'PS3.5 §9.1 and PS3.4 B.2.3, cannot understand',
      [store({ sopInstanceUid: wrong, dataset }), answered('C-STORE', 0xc000)],
    ),
  ),
  lived(
    'a C-STORE of another SOP class than its context’s is answered by A900H',
    'PS3.4 B.2.3, data set does not match SOP class',
    [
      data(pdv(3, 3, storeCommand({ sopClassUid: uids.mrImage })), wholeDataset),
      answered('C-STORE', 0xa900),
    ],
  ),
  lived(
    'a C-STORE in a context for C-ECHO is answered by A900H',
    'PS3.4 B.2.3, data set does not match SOP class',
    [data(pdv(1, 3, storeCommand()), pdv(1, 2, dataset)), answered('C-STORE', 0xa900)],
  ),
  lived(
    'an empty dataset goes to whoever keeps datasets, empty',
    sequence,
    [
      data(pdv(3, 3, storeCommand()), pdv(3, fragment.lastDataset, [])),
      answered('C-STORE', 0x0000),
    ],
    [whole(instanceUid, bytes())],
  ),
  lived('a C-ECHO with a dataset is answered when the dataset is over', 'PS3.7 §9.3.5', [
    data(
      pdv(
        1,
        3,
        command({ sopClassUid: uids.verification, field: 0x30, messageId: 1, dataset: true }),
      ),
      pdv(1, 0, dataset),
    ),
    data(pdv(1, 2, dataset)),
    answered('C-ECHO', 0x0000),
  ]),
  lived('a C-ECHO in a context for CT images is answered by 0122H', 'PS3.7 §9.1.5.1.4', [
    data(pdv(3, 3, echoCommand())),
    answered('C-ECHO', 0x0122),
  ]),
  lived('a C-FIND that nobody serves is answered by 0211H', 'PS3.7 Annex C.5.20', [
    data(
      pdv(
        5,
        3,
        command({ sopClassUid: uids.studyRootFind, field: 0x20, messageId: 1, dataset: true }),
      ),
      pdv(5, 2, dataset),
    ),
    answered('C-FIND', 0x0211),
  ]),
  {
    ...lived('an identifier larger than any is read past and answered by 0213H', 'PS3.7 C.5.22', [
      data(
        pdv(
          5,
          3,
          command({ sopClassUid: uids.studyRootFind, field: 0x20, messageId: 1, dataset: true }),
        ),
      ),
      bytes(...pieces(5, 'dataset', Buffer.alloc(200_000), 50_000).map(each => data(each))),
      answered('C-FIND', 0x0213),
    ]),
    limits: { identifierBytes: 100_000 },
  },

  // Out of turn
  lived('a C-CANCEL of nothing is let pass', 'PS3.7 §9.3.2.3', [
    data(
      pdv(
        5,
        3,
        commandSet(
          element(0x00000100, u16le(0x0fff)),
          element(0x00000120, u16le(4711)),
          element(0x00000800, u16le(0x0101)),
        ),
      ),
    ),
  ]),
  lived('a C-CANCEL that does not say of what is let pass', 'PS3.7 §9.3.2.3', [
    data(
      pdv(5, 3, commandSet(element(0x00000100, u16le(0x0fff)), element(0x00000800, u16le(0x0101)))),
    ),
  ]),
  lived(
    'requests that do not wait for answers are answered in their order',
    'PS3.7 D.3.3.3: the window is 1',
    [
      bytes(
        store({ messageId: 1, dataset }),
        echo(2),
        store({ messageId: 3, sopInstanceUid: `${instanceUid}.3`, dataset }),
        echo(4),
      ),
      answered('C-STORE', 0x0000, 1),
      answered('C-ECHO', 0x0000, 2),
      answered('C-STORE', 0x0000, 3),
      answered('C-ECHO', 0x0000, 4),
    ],
    [whole(instanceUid, dataset), whole(`${instanceUid}.3`, dataset)],
  ),
  lived(
    'a thousand requests at once are answered one by one, and wait in the network',
    'PS3.7 D.3.3.3: the window is 1; the setting pipelinedRequests',
    [
      bytes(...Array.from({ length: 1000 }, (_, at) => echo(at + 1))),
      ...Array.from({ length: 1000 }, (_, at) => answered('C-ECHO', 0x0000, at + 1)),
    ],
  ),
  lived('the same Message ID again and again is answered every time', 'PS3.7 §9.3.5.1', [
    bytes(echo(1), echo(1), echo(1)),
    answered('C-ECHO', 0x0000, 1),
    answered('C-ECHO', 0x0000, 1),
    answered('C-ECHO', 0x0000, 1),
  ]),
]
