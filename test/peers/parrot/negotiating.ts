import {
  associate,
  bytes,
  context,
  echo,
  implementationClass,
  item,
  maximumLength,
  pdu,
  releaseRq,
  requestFields,
  u16,
  uids,
} from './bytes.ts'
import {
  aborted,
  accepted,
  answered,
  beforeAssociation,
  broken,
  closes,
  hears,
  rejected,
  released,
  type Script,
  type Step,
} from './script.ts'

const sta2 = 'PS3.8 table 9-10, Sta2'

/** Release in good order, after whatever was odd but no reason to part. */
const leaves: readonly Step[] = [releaseRq, released, closes]

const parted = { outcome: 'released' as const }

const refused = (result: number, source: number, reason: number, sentence?: RegExp) => ({
  outcome: 'rejected' as const,
  rejection: {
    result: result === 1 ? ('permanent' as const) : ('transient' as const),
    source,
    reason,
  },
  ...(sentence ? { sentence } : {}),
})

/** An A-ASSOCIATE-RQ that is not one: Sta2, invalid PDU received, AA-1. */
const invalid = (title: string, step: Uint8Array): Script => ({
  title: `${title} is answered by A-ABORT`,
  source: `${sta2}, invalid PDU: AA-1`,
  steps: [step, aborted(beforeAssociation)],
  record: broken(beforeAssociation),
})

/** Odd, but no reason to refuse. */
const tolerated = (
  title: string,
  source: string,
  request: Uint8Array,
  hearing = accepted({ 1: 'accepted' }),
): Script => ({
  title,
  source,
  steps: [request, hearing, echo(), answered('C-ECHO', 0x0000), ...leaves],
  record: parted,
})

const fields = requestFields()

/** The request ends before the field, and the PDU length agrees. */
const endsBefore = (name: string): Uint8Array =>
  pdu(
    0x01,
    bytes(
      ...fields
        .slice(
          0,
          fields.findIndex(each => each.name === name),
        )
        .map(f => f.bytes),
    ),
  )

const lyingUser = (title: string, sub: Uint8Array) =>
  invalid(title, associate({ user: [maximumLength(16384), sub] }))

const role = (uid: string, scu: number, scp: number, length = uid.length) =>
  item(0x54, bytes(u16(length), uid, [scu, scp]))

export const negotiatingScripts: readonly Script[] = [
  // Lengths
  invalid('an association request of length 0', pdu(0x01, [])),
  invalid('an association request of 4 GB, as far as its head,', pdu(0x01, [], 0xffffffff)),
  invalid(
    'an association request of one byte more than the limit, as far as its head,',
    pdu(0x01, [], 262_145),
  ),
  ...[
    'protocol version',
    'reserved two bytes',
    'called AE title',
    'calling AE title',
    'reserved 32 bytes',
  ].map(name => invalid(`an association request that ends before its ${name}`, endsBefore(name))),
  {
    title: 'an association request that ends before its application context is refused',
    source: 'PS3.8 table 9-21, application-context-name-not-supported',
    steps: [endsBefore('application context'), rejected(1, 1, 2), closes],
    record: refused(1, 1, 2),
  },
  invalid(
    'an association request whose called AE title is cut in the middle',
    pdu(0x01, bytes(u16(1), [0, 0], 'WAYSTA')),
  ),
  invalid(
    'an item that is longer than its association request',
    associate({ more: [item(0x20, [7, 0, 0, 0], 0xffff)] }),
  ),
  invalid(
    'an item cut in its head',
    pdu(0x01, bytes(...fields.map(field => field.bytes), [0x50, 0, 0])),
  ),
  invalid(
    'a user information whose length says more than there is',
    pdu(0x01, bytes(...fields.slice(0, -1).map(f => f.bytes), item(0x50, maximumLength(1), 99))),
  ),
  invalid(
    'a user information whose length cuts a sub-item in two',
    pdu(0x01, bytes(...fields.slice(0, -1).map(f => f.bytes), item(0x50, maximumLength(1), 6))),
  ),
  invalid('a presentation context too short for its id', associate({ more: [item(0x20, [7, 0])] })),
  invalid(
    'an abstract syntax that is longer than its presentation context',
    associate({ more: [item(0x20, bytes([7, 0, 0, 0], item(0x30, '1.2', 400)))] }),
  ),
  lyingUser('a maximum length of three bytes', item(0x51, [0, 0, 1])),
  lyingUser('an asynchronous window of one byte', item(0x53, [0])),
  lyingUser('a role selection whose UID is longer than it', role('1.2.3', 1, 1, 0xffff)),
  lyingUser('a role selection without roles', item(0x54, bytes(u16(3), '1.2'))),
  lyingUser('an extended negotiation whose UID is longer than it', item(0x56, bytes(u16(90), '1'))),
  lyingUser(
    'a common extended negotiation whose related classes lie about their length',
    item(0x57, bytes(u16(1), '1', u16(1), '2', u16(4), u16(300), '1.')),
  ),
  lyingUser('a user identity longer than its item', item(0x58, bytes([2, 1], u16(500), 'eve'))),

  // Presentation contexts
  invalid('a presentation context with an even id', associate({ more: [contextOf(2)] })),
  invalid('a presentation context with id 0', associate({ more: [contextOf(0)] })),
  invalid('a presentation context id that comes twice', associate({ more: [contextOf(1)] })),
  invalid(
    'a thousand presentation contexts, whose ids must repeat,',
    associate({
      contexts: Array.from({ length: 1000 }, (_, at) => ({
        id: ((2 * at) % 256) + 1,
        abstractSyntax: uids.ctImage,
      })),
    }),
  ),
  tolerated(
    'all 128 presentation contexts there can be are answered, in any order',
    'PS3.8 §9.3.2.2',
    associate({
      contexts: Array.from({ length: 128 }, (_, at) => ({
        id: 255 - 2 * at,
        abstractSyntax: at === 127 ? uids.verification : uids.ctImage,
      })),
    }),
    accepted(Object.fromEntries(Array.from({ length: 128 }, (_, at) => [2 * at + 1, 'accepted']))),
  ),
  tolerated(
    'a presentation context without an abstract syntax is refused alone',
    'PS3.8 table 9-18, 3',
    associate({ more: [item(0x20, bytes([7, 0, 0, 0], item(0x40, uids.implicitLittleEndian)))] }),
    accepted({ 1: 'accepted', 7: 'abstract-syntax-not-supported' }),
  ),
  tolerated(
    'a presentation context without a transfer syntax is refused alone',
    'PS3.8 table 9-18, 4',
    associate({
      more: [context({ id: 7, abstractSyntax: uids.ctImage, transferSyntaxes: [] })],
    }),
    accepted({ 1: 'accepted', 7: 'transfer-syntaxes-not-supported' }),
  ),
  tolerated(
    'a presentation context with a thousand transfer syntaxes is looked through',
    'PS3.8 §9.3.2.2',
    associate({
      more: [
        context({
          id: 7,
          abstractSyntax: uids.verification,
          transferSyntaxes: [
            ...Array.from({ length: 1000 }, (_, at) => `1.2.3.${at}`),
            uids.implicitLittleEndian,
          ],
        }),
      ],
    }),
    accepted({ 1: 'accepted', 7: 'accepted' }),
  ),
  tolerated(
    'an abstract syntax of 60 KB is not supported, and harms nobody',
    'PS3.8 table 9-18, 3',
    associate({ more: [context({ id: 7, abstractSyntax: '9'.repeat(60_000) })] }),
    accepted({ 1: 'accepted', 7: 'abstract-syntax-not-supported' }),
  ),
  {
    title: 'an association without presentation contexts is of no use, and of no harm',
    source: 'PS3.8 §9.3.2: one or more presentation contexts',
    steps: [associate({ contexts: [] }), hears({}), closes],
    record: { outcome: 'disconnected' },
  },

  // Versions and names
  {
    title: 'protocol version 0 is refused',
    source: 'PS3.8 §9.3.2 and table 9-21, protocol-version-not-supported',
    steps: [associate({ version: 0 }), rejected(1, 2, 2), closes],
    record: refused(1, 2, 2, /version/),
  },
  {
    title: 'protocol version 2 alone is refused',
    source: 'PS3.8 §9.3.2: only bit 0 is tested',
    steps: [associate({ version: 2 }), rejected(1, 2, 2), closes],
    record: refused(1, 2, 2, /version/),
  },
  tolerated(
    'a caller that speaks version 1 among others is spoken to',
    'PS3.8 §9.3.2: only bit 0 is tested',
    associate({ version: 0xffff }),
  ),
  {
    title: 'another application context is refused',
    source: 'PS3.8 table 9-21, application-context-name-not-supported',
    steps: [associate({ applicationContext: '1.2.3.4' }), rejected(1, 1, 2), closes],
    record: refused(1, 1, 2, /application context/i),
  },
  {
    title: 'a caller that asks for another AE title is told what to change',
    source: 'PS3.8 table 9-21, called-AE-title-not-recognized',
    steps: [associate({ called: 'ORTHANC' }), rejected(1, 1, 7), closes],
    record: refused(1, 1, 7, /PARROT.*ORTHANC.*WAYSTATION/),
  },
  {
    title: 'a called AE title of spaces only is nobody',
    source: 'PS3.8 table 9-21, called-AE-title-not-recognized',
    steps: [associate({ called: '' }), rejected(1, 1, 7), closes],
    record: refused(1, 1, 7),
  },
  {
    title: 'a called AE title of NULs and control characters is nobody',
    source: 'PS3.8 table 9-21, called-AE-title-not-recognized',
    steps: [associate({ called: '\0\x1b[2J\r\n' }), rejected(1, 1, 7), closes],
    record: refused(1, 1, 7, /^[^\x00-\x1f]*$/),
  },
  {
    title: 'a caller that is refused and goes on with data is not listened to',
    source: 'PS3.8 table 9-10, Sta13: AA-6',
    steps: [associate({ called: 'ORTHANC' }), rejected(1, 1, 7), echo(), echo(), closes],
    record: refused(1, 1, 7),
  },
  {
    title: 'one association more than the limit is refused for now, and those that live go on',
    source: 'PS3.8 table 9-21, local-limit-exceeded',
    limits: { associations: 1 },
    steps: [associate(), rejected(2, 3, 2), closes],
    record: refused(2, 3, 2),
  },
  {
    title: 'one association more from an address than its limit is refused for now',
    source: 'PS3.8 table 9-21, local-limit-exceeded',
    limits: { associationsPerAddress: 1 },
    steps: [associate(), rejected(2, 3, 2), closes],
    record: refused(2, 3, 2),
  },

  // User information
  tolerated(
    'items and sub-items that nobody knows are skipped',
    'PS3.8 §9.3.1',
    associate({
      more: [item(0x99, 'what'), item(0x21, [1, 0, 0, 0])],
      user: [item(0x5f, 'ever'), maximumLength(16384), item(0x00, []), implementationClass],
    }),
  ),
  tolerated(
    'an association request with 60 KB of unknown items is read past them',
    'PS3.8 §9.3.1',
    associate({ more: [item(0x98, Buffer.alloc(60_000))] }),
  ),
  tolerated(
    'roles for classes that were not proposed, and roles that are no numbers, are let pass',
    'PS3.7 D.3.3.4',
    associate({ user: [maximumLength(0), role('1.2.3', 7, 9), role(uids.ctImage, 255, 0)] }),
  ),
  {
    title: 'a caller that gives up both roles of a class is reminded when it asks',
    source: 'PS3.7 D.3.3.4 and Annex C.5.6',
    steps: [
      associate({ user: [maximumLength(16384), role(uids.verification, 0, 0)] }),
      accepted({ 1: 'accepted' }),
      echo(),
      answered('C-ECHO', 0x0122),
      ...leaves,
    ],
    record: parted,
  },
  tolerated(
    'an asynchronous window of 65535 is answered by 1',
    'PS3.7 D.3.3.3',
    associate({ user: [maximumLength(16384), item(0x53, bytes(u16(65535), u16(65535)))] }),
    hears({ pdu: 'A-ASSOCIATE-AC', user: { 83: '00010001' } } as object),
  ),
  tolerated(
    'an unlimited asynchronous window is answered by 1',
    'PS3.7 D.3.3.3',
    associate({ user: [maximumLength(16384), item(0x53, bytes(u16(0), u16(0)))] }),
    hears({ pdu: 'A-ASSOCIATE-AC', user: { 83: '00010001' } } as object),
  ),
  tolerated(
    'a user identity of a type that does not exist is let pass where none is asked for',
    'PS3.7 D.3.3.7',
    associate({
      user: [maximumLength(16384), item(0x58, bytes([99, 1], u16(3), [0, 255, 7], u16(0)))],
    }),
  ),
  tolerated(
    'two user informations are one too many, but no reason to part',
    'PS3.8 §9.3.2',
    pdu(0x01, bytes(...fields.map(field => field.bytes), item(0x50, maximumLength(16384)))),
  ),
  tolerated(
    'a caller that names no maximum length gets answers all the same',
    'PS3.8 D.1.1',
    associate({ user: [implementationClass] }),
  ),
  tolerated(
    'a caller that takes eight bytes in a P-DATA-TF gets its answer two by two',
    'PS3.8 D.1.1',
    associate({ user: [maximumLength(8)] }),
  ),
  ...[1, 6, 7].map(length =>
    invalid(
      `a maximum length of ${length}, into which no presentation data value fits,`,
      associate({ user: [maximumLength(length)] }),
    ),
  ),

  // Out of turn
  {
    title: 'a second association request on an association is answered by A-ABORT',
    source: 'PS3.8 table 9-10, Sta6: AA-8',
    steps: [associate(), accepted(), associate(), aborted({ source: 2, reason: 2 })],
    record: broken({ source: 2, reason: 2 }),
  },
  {
    title: 'two association requests at once are one too many',
    source: 'PS3.8 table 9-10, Sta3 or Sta6: AA-8',
    admit: () => new Promise(() => {}),
    steps: [bytes(associate(), associate()), aborted({ source: 2, reason: 2 })],
    record: broken({ source: 2, reason: 2 }),
  },
]

function contextOf(id: number): Buffer {
  return context({ id, abstractSyntax: uids.ctImage })
}
