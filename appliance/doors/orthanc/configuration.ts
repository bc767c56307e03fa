import { isAbsolute, resolve } from 'node:path'
import { Fault } from '../../faults.ts'
import { isCharacterSet } from '../../standard/dicom/dicom.ts'
import { modalityFrom, peerFrom } from './configurationNodes.ts'
import { unlike } from './configurationUnlike.ts'
import { characterSetOf } from './encoding.ts'

/** An Orthanc configuration in our own terms. */
export interface Translated {
  /** As our configuration file has them. */
  settings: Record<string, unknown>
  /** Options that have no equivalent, each with the reason. */
  without: { option: string; why: string }[]
}

type Options = Readonly<Record<string, unknown>>
type Put = (path: string, value: unknown) => void

/** What an option becomes. It throws a sentence about a value that cannot be. */
type Translation = (value: unknown, put: Put, all: Options, file: (path: string) => string) => void

/**
 * Translates an Orthanc configuration that has been read. Paths in it are relative to `folder`.
 * Fault: `settings-refused`, with every value of a wrong type at once.
 */
export function translated(options: Options, folder: string): Translated {
  const settings: Record<string, unknown> = {}
  const without: Translated['without'] = []
  const problems: string[] = []
  const put: Put = (path, value) => {
    const steps = path.split('.')
    const last = steps.pop()!
    let at = settings
    for (const step of steps) {
      at[step] ??= {}
      at = at[step] as Record<string, unknown>
    }
    at[last] = value
  }
  const file = (path: string) => (isAbsolute(path) ? path : resolve(folder, path))
  for (const [option, value] of Object.entries(options)) {
    const translation = translations[option]
    try {
      if (translation) translation(value, put, options, file)
      const why = unlike(option, value, options, translation !== undefined)
      if (why !== undefined) without.push({ option, why })
    } catch (error) {
      if (!(error instanceof WrongValue)) throw error
      problems.push(`${option}: ${error.message}`)
    }
  }
  if (problems.length > 0) throw new Fault('settings-refused', problems.join('; '))
  return { settings, without }
}

/** A value of another type than Orthanc would take. */
export class WrongValue extends Error {}

const expected = (what: string): never => {
  throw new WrongValue(`${what} is expected`)
}
export const flagOf = (value: unknown): boolean =>
  typeof value === 'boolean' ? value : expected('true or false')
export const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : expected('a text')
export const countOf = (value: unknown): number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0
    ? value
    : expected('a whole number')
const textsOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.map(textOf) : [textOf(value)]
const objectOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : expected('a JSON object')

const to =
  <T>(path: string, read: (value: unknown) => T): Translation =>
  (value, put) =>
    put(path, read(value))

/** Seconds for a wait that must end: 0, Orthanc's "for ever", is a day. */
const secondsTo =
  (...paths: string[]): Translation =>
  (value, put) => {
    const seconds = countOf(value) || 86_400
    for (const path of paths) put(path, seconds)
  }

const unknownMay =
  (service: string, otherwise: string): Translation =>
  (value, put) =>
    put(`dicom.unknownCallers.${service}`, flagOf(value) ? 'allowed' : otherwise)

const overwriting = { Never: 'keep-first', Always: 'overwrite', IfChanged: 'overwrite' } as const

/** Orthanc switches groups of transfer syntaxes on and off, each with an option of its own. */
const groups = [
  'Deflated',
  'Jpeg',
  'JpegLossless',
  'Jpeg2000',
  'Jpip',
  'Mpeg2',
  'Mpeg4',
  'H265',
  'Rle',
]

const translations: Readonly<Record<string, Translation>> = {
  Name: to('http.orthanc.name', textOf),
  DicomAet: to('dicom.aet', textOf),
  DicomPort: to('dicom.port', countOf),
  DicomCheckCalledAet: to('dicom.checkCalledAet', flagOf),
  DicomCheckModalityHost: to('dicom.checkNodeAddress', flagOf),
  DicomAlwaysAllowEcho: unknownMay('echo', 'refused'),
  DicomAlwaysAllowStore: unknownMay('store', 'refused'),
  DicomAlwaysAllowFind: unknownMay('find', 'refused'),
  DicomAlwaysAllowFindWorklist: unknownMay('findWorklist', 'refused'),
  DicomAlwaysAllowGet: unknownMay('get', 'refused'),
  DicomAlwaysAllowMove: unknownMay('move', 'refused'),
  DicomScpTimeout: secondsTo('dicom.timers.idle'),
  DicomScuTimeout: secondsTo('dicom.timers.connect', 'dicom.timers.response'),
  MaximumPduLength: to('dicom.limits.pduLength', countOf),
  DicomThreadsCount: value => void countOf(value),
  AcceptedTransferSyntaxes: to('dicom.acceptedTransferSyntaxes', textsOf),
  AcceptedSopClasses(value, put) {
    const patterns = textsOf(value)
    put('dicom.acceptedSopClasses', patterns.length > 0 ? patterns : ['*'])
  },
  RejectedSopClasses: to('dicom.rejectedSopClasses', textsOf),
  UnknownSopClassAccepted: to('dicom.anySopClass', flagOf),
  ...Object.fromEntries(
    groups.map(name => [`${name}TransferSyntaxAccepted`, (value: unknown) => void flagOf(value)]),
  ),
  DicomModalities(value, put, all) {
    const otherwise = all.DicomDefaultRetrieveMethod === 'C-GET' ? 'C-GET' : undefined
    const nodes = Object.entries(objectOf(value)).map(([name, each]) =>
      modalityFrom(name, each, otherwise),
    )
    put('nodes', nodes)
  },
  DicomDefaultRetrieveMethod: value => void textOf(value),
  DicomTlsEnabled(value, put, all, file) {
    if (!flagOf(value)) return
    const path = (option: string) => {
      const given = all[option]
      return given === undefined ? undefined : file(textOf(given))
    }
    const authoritiesFile = path('DicomTlsTrustedCertificates')
    put('dicom.tls', {
      certificateFile: path('DicomTlsCertificate') ?? expected('DicomTlsCertificate'),
      keyFile: path('DicomTlsPrivateKey') ?? expected('DicomTlsPrivateKey'),
      ...(authoritiesFile !== undefined && { authoritiesFile }),
      clientCertificate: all.DicomTlsRemoteCertificateRequired === false ? 'none' : 'required',
    })
  },
  DicomTlsCertificate: value => void textOf(value),
  DicomTlsPrivateKey: value => void textOf(value),
  DicomTlsTrustedCertificates: value => void textOf(value),
  DicomTlsRemoteCertificateRequired: value => void flagOf(value),
  HttpPort: to('http.port', countOf),
  RemoteAccessAllowed(value, put, all) {
    // Whoever asked for passwords must not find the door open: there are none here.
    const isOpen = flagOf(value) && all.AuthenticationEnabled === false
    if (isOpen && all.HttpBindAddresses === undefined) put('http.host', '0.0.0.0')
  },
  HttpBindAddresses(value, put, all) {
    const [address] = textsOf(value)
    const isOpen = all.RemoteAccessAllowed === true && all.AuthenticationEnabled === false
    if (isOpen) put('http.host', address ?? '0.0.0.0')
  },
  SslEnabled(value, put, all, file) {
    if (!flagOf(value)) return
    const pem = file(textOf(all.SslCertificate ?? 'certificate.pem'))
    put('http.tls', { certificateFile: pem, keyFile: pem })
  },
  SslCertificate: value => void textOf(value),
  HttpRequestTimeout: secondsTo('http.limits.idleSeconds'),
  MaximumRequestBodySizeMB(value, put) {
    put('http.limits.bodyBytes', countOf(value) * 1024 ** 2 || Number.MAX_SAFE_INTEGER)
  },
  MaximumFileSizeInArchiveMB(value, put) {
    put('http.orthanc.archivedFileBytes', countOf(value) * 1024 ** 2)
  },
  DefaultEncoding(value, put) {
    put('http.orthanc.defaultEncoding', textOf(value))
    // C-FIND reads and answers in it, too.
    const characterSet = characterSetOf(textOf(value))
    if (characterSet === undefined || !isCharacterSet(characterSet)) return
    put('dicom.find.undeclaredCharacterSet', characterSet)
    put('dicom.find.characterSets', [...new Set([characterSet, 'ISO_IR 192'])])
  },
  UserMetadata: to('http.orthanc.userMetadata', objectOf),
  UserContentType: to('http.orthanc.userContentTypes', objectOf),
  CheckRevisions: to('http.orthanc.checkRevisions', flagOf),
  LimitFindResults: to('http.orthanc.findResults', countOf),
  LimitFindInstances: to('http.orthanc.findInstances', countOf),
  StorageAccessOnFind(value, put) {
    put('http.orthanc.storageAccessOnFind', textOf(value))
    put('dicom.find.readHeaders', value === 'Always')
  },
  CaseSensitivePN(value, put) {
    put('dicom.find.personNames', flagOf(value) ? 'literal' : 'folded')
  },
  ReadOnly: to('http.orthanc.readOnly', flagOf),
  PatientLevelEnabled: to('http.orthanc.patientLevel', flagOf),
  HttpDescribeErrors: to('http.orthanc.describesErrors', flagOf),
  ZipUseUtf8: to('http.orthanc.zipUtf8', flagOf),
  DicomLossyTranscodingQuality: to('http.orthanc.lossyQuality', countOf),
  DicomEchoChecksFind: to('http.orthanc.echoChecksFind', flagOf),
  QueryRetrieveSize(value, put) {
    put('http.orthanc.queries', Math.max(1, countOf(value)))
  },
  LogExportedResources: to('http.orthanc.logExportedResources', flagOf),
  Dictionary: to('http.orthanc.dictionary', objectOf),
  ExtraMainDicomTags: to('http.orthanc.extraMainDicomTags', objectOf),
  OrthancPeers(value, put, _all, file) {
    const peers = Object.entries(objectOf(value)).map(([name, each]) => [
      name,
      peerFrom(each, file),
    ])
    put('http.orthanc.peers', Object.fromEntries(peers))
  },
  StableAge: to('archive.stableAge', countOf),
  OverwriteInstances(value, put) {
    const mode = typeof value === 'boolean' ? (value ? 'Always' : 'Never') : textOf(value)
    if (!Object.hasOwn(overwriting, mode)) expected('Never, Always or IfChanged')
    put('archive.sameUidOtherBytes', overwriting[mode as keyof typeof overwriting])
  },
  ConcurrentJobs: to('jobs.concurrent', countOf),
  JobsHistorySize: to('jobs.history', countOf),
  MediaArchiveSize(value, put) {
    put('jobs.outputs', Math.max(1, countOf(value)))
  },
}
