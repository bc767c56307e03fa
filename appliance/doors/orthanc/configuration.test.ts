import assert from 'node:assert/strict'
import { test } from 'node:test'
import { translated } from './configuration.ts'
import { dictionaryFrom } from './dictionary.ts'
import { mainTagsFrom } from './mainTags.ts'
import { peersFrom } from './peersConfiguration.ts'
import { orthancSettings } from './settings.ts'

test('options become settings of ours, paths those of the configuration’s folder', () => {
  const { settings, without } = translated(
    {
      ...{ Name: 'Clinic', DicomAet: 'BOX', DicomPort: 4242, HttpPort: 8043, StableAge: 30 },
      ...{ RemoteAccessAllowed: true, AuthenticationEnabled: false, DicomScpTimeout: 0 },
      ...{ SslEnabled: true, SslCertificate: 'pem/all.pem', OverwriteInstances: true },
      ...{ DicomAlwaysAllowFind: true, AcceptedTransferSyntaxes: ['1.2.840.10008.1.*'] },
      UserMetadata: { my: 1024 },
    },
    '/etc/orthanc',
  )
  assert.deepEqual(settings, {
    http: {
      orthanc: { name: 'Clinic', userMetadata: { my: 1024 } },
      port: 8043,
      host: '0.0.0.0',
      tls: { certificateFile: '/etc/orthanc/pem/all.pem', keyFile: '/etc/orthanc/pem/all.pem' },
    },
    dicom: {
      ...{ aet: 'BOX', port: 4242, timers: { idle: 86_400 }, unknownCallers: { find: 'allowed' } },
      acceptedTransferSyntaxes: ['1.2.840.10008.1.*'],
    },
    archive: { stableAge: 30, sameUidOtherBytes: 'overwrite' },
  })
  assert.deepEqual(without, [])
})

test('modalities become nodes, whether written as a list or as an object', () => {
  const { settings } = translated(
    {
      DicomModalities: {
        a: ['A', '10.0.0.1', 104, 'SyngoVia'],
        b: {
          ...{ AET: 'B', Host: 'b.local', Port: 11112, AllowStore: false, UseDicomTls: true },
          ...{ AllowStorageCommitment: false, Timeout: 5, LocalAet: 'ME', RetrieveMethod: 'C-GET' },
        },
      },
    },
    '/',
  )
  assert.deepEqual(settings.nodes, [
    { name: 'a', aet: 'A', host: '10.0.0.1', port: 104, manufacturer: 'GenericNoWildcardInDates' },
    {
      ...{ name: 'b', aet: 'B', host: 'b.local', port: 11112, useTls: true, timeout: 5 },
      allows: { store: false, storageCommitment: false, eventReport: false },
      ...{ localAet: 'ME', retrieveMethod: 'C-GET' },
    },
  ])
})

test('what has no equivalent is listed with the reason, what is so anyway is not', () => {
  const { settings, without } = translated(
    {
      ...{ StorageCompression: true, ReadOnly: false, Plugins: ['x'], Nonsense: 1 },
      ...{ LuaScripts: [], HttpProxy: '', Pkcs11: {} },
      ...{ RemoteAccessAllowed: true, RegisteredUsers: { eve: 'secret' } },
    },
    '/',
  )
  assert.deepEqual(settings, { http: { orthanc: { readOnly: false } } })
  assert.deepEqual(
    without.map(({ option }) => option),
    ['StorageCompression', 'Plugins', 'Nonsense', 'RemoteAccessAllowed', 'RegisteredUsers'],
  )
  assert.ok(without.every(({ why }) => why.length > 10 && !why.includes('secret')))
})

test('values of a wrong type are refused, all at once', () => {
  assert.throws(
    () =>
      translated({ DicomPort: 'x', DicomCheckCalledAet: 1, DicomModalities: { a: ['A'] } }, '/'),
    {
      code: 'settings-refused',
      detail: /^DicomPort: .*; DicomCheckCalledAet: .*; DicomModalities: /,
    },
  )
})

test('peers, private tags and more main tags become settings that this door takes', () => {
  const { settings, without } = translated(
    {
      OrthancPeers: {
        far: ['http://far:8042/', 'eve', 'secret'],
        tls: { Url: 'https://tls/', CertificateFile: 'pem/c.pem', HttpHeaders: { A: 'b' } },
      },
      Dictionary: { '0009,01': ['LO', 'Dose Note', 1, 1, 'ACME'] },
      ExtraMainDicomTags: { Study: ['Dose Note', 'PatientAge'], Series: ['0008,1090'] },
    },
    '/etc/orthanc',
  )
  assert.deepEqual(without, [])
  const { orthanc } = settings.http as { orthanc: unknown }
  const read = orthancSettings.parse(orthanc)
  assert.equal(peersFrom(read.peers).get('tls')!.certificateFile, '/etc/orthanc/pem/c.pem')
  assert.equal(peersFrom(read.peers).get('far')!.password, 'secret')
  const { extra } = mainTagsFrom(read.extraMainDicomTags, dictionaryFrom(read.dictionary))
  assert.deepEqual(extra.Study, [{ tag: 0x00091001, creator: 'ACME' }, { tag: 0x00101010 }])
})

test('every option of Orthanc 1.13.0 becomes a setting, or has a reason of its own why not', () => {
  const mute: string[] = []
  for (const option of everyOption.trim().split(/\s+/)) {
    // A value of no type that any option has: what is read at all refuses it.
    const strange: { without: { why: string }[] } | 'read' = (() => {
      try {
        return translated({ [option]: null }, '/')
      } catch {
        return 'read'
      }
    })()
    if (strange === 'read') continue
    const [reason] = strange.without
    if (!reason || reason.why === 'there is nothing like it here') mute.push(option)
  }
  assert.deepEqual(mute, [])
})

test('how names are compared, errors said and queries kept is taken over', () => {
  const { settings, without } = translated(
    {
      ...{ ReadOnly: true, PatientLevelEnabled: false, ZipUseUtf8: true, QueryRetrieveSize: 0 },
      ...{ HttpDescribeErrors: false, DicomEchoChecksFind: true, CaseSensitivePN: true },
      ...{ DefaultEncoding: 'Greek', StorageAccessOnFind: 'Never' },
      DicomLossyTranscodingQuality: 80,
      ...{ DicomDefaultRetrieveMethod: 'C-GET' },
      DicomModalities: {
        a: ['A', 'h', 104],
        b: { AET: 'B', Host: 'h', Port: 104, RetrieveMethod: 'C-MOVE' },
      },
    },
    '/',
  )
  const { http, dicom, nodes } = settings as {
    http: { orthanc: object }
    dicom: { find: object }
    nodes: { retrieveMethod?: string }[]
  }
  assert.deepEqual(http.orthanc, {
    ...{ readOnly: true, patientLevel: false, zipUtf8: true, queries: 1, describesErrors: false },
    ...{ echoChecksFind: true, defaultEncoding: 'Greek', storageAccessOnFind: 'Never' },
    lossyQuality: 80,
  })
  assert.deepEqual(dicom.find, {
    ...{ personNames: 'literal', readHeaders: false, undeclaredCharacterSet: 'ISO_IR 126' },
    characterSets: ['ISO_IR 126', 'ISO_IR 192'],
  })
  assert.deepEqual(
    nodes.map(each => each.retrieveMethod),
    ['C-GET', undefined],
  )
  assert.deepEqual(
    without.map(({ option }) => option),
    ['ReadOnly', 'DicomDefaultRetrieveMethod'],
  )
})

const everyOption = `
  Name StorageDirectory IndexDirectory StorageCompression MaximumStorageSize
  MaximumPatientCount MaximumStorageMode MaximumStorageCacheSize StorageLoaderThreadsCount
  StorageMemoryCapacity TemporaryDirectory StoreDicom StoreMD5ForAttachments SyncStorageArea
  OverwriteInstances IngestTranscoding IngestTranscodingOfUncompressed
  IngestTranscodingOfCompressed ReadOnly ExtraMainDicomTags UserMetadata UserContentType
  DatabaseServerIdentifier CheckRevisions PatientLevelEnabled Warnings Plugins LuaScripts
  LuaHeartBeatPeriod ExecuteLuaEnabled RestApiWriteToFileSystemEnabled ConcurrentJobs
  JobsHistorySize SaveJobs JobsEngineThreadsCount MediaArchiveSize LogExportedResources
  HttpServerEnabled OrthancExplorerEnabled HttpPort HttpBindAddresses HttpThreadsCount
  HttpDescribeErrors HttpCompressionEnabled KeepAlive KeepAliveTimeout TcpNoDelay
  HttpRequestTimeout MaximumRequestBodySizeMB MaximumFileSizeInArchiveMB WebDavEnabled
  WebDavDeleteAllowed WebDavUploadAllowed SynchronousZipStream ZipUseUtf8 MetricsEnabled
  RemoteAccessAllowed AuthenticationEnabled RegisteredUsers SslEnabled SslCertificate
  SslMinimumProtocolVersion SslCiphersAccepted SslVerifyPeers SslTrustedClientCertificates
  HttpProxy HttpVerbose HttpTimeout HttpsVerifyPeers HttpsCACertificates OrthancPeers
  OrthancPeersInDatabase Pkcs11 DicomServerEnabled DicomAet DicomPort DicomCheckCalledAet
  DicomCheckModalityHost StrictAetComparison DicomThreadsCount DicomScpTimeout DicomScuTimeout
  MaximumPduLength DefaultEncoding AcceptedTransferSyntaxes DeflatedTransferSyntaxAccepted
  JpegTransferSyntaxAccepted Jpeg2000TransferSyntaxAccepted JpegLosslessTransferSyntaxAccepted
  JpipTransferSyntaxAccepted Mpeg2TransferSyntaxAccepted RleTransferSyntaxAccepted
  Mpeg4TransferSyntaxAccepted H265TransferSyntaxAccepted UnknownSopClassAccepted
  AcceptedSopClasses RejectedSopClasses DicomAlwaysAllowEcho DicomAlwaysAllowStore
  DicomAlwaysAllowFind DicomAlwaysAllowFindWorklist DicomAlwaysAllowGet DicomAlwaysAllowMove
  DicomModalities DicomModalitiesInDatabase DicomEchoChecksFind DicomDefaultRetrieveMethod
  DicomScuPreferredTransferSyntax TranscodeDicomProtocol DicomAssociationCloseDelay
  SynchronousCMove QueryRetrieveSize StorageCommitmentReportsSize CaseSensitivePN
  LimitFindResults LimitFindInstances StorageAccessOnFind DicomTlsEnabled DicomTlsCertificate
  DicomTlsPrivateKey DicomTlsTrustedCertificates DicomTlsRemoteCertificateRequired
  DicomTlsMinimumProtocolVersion DicomTlsCiphersAccepted StableAge LoadPrivateDictionary
  Dictionary ExternalDictionaries DefaultPrivateCreator Locale BuiltinDecoderTranscoderOrder
  DicomLossyTranscodingQuality MaximumConcurrentDcmtkTranscoders DeidentifyLogs
  DeidentifyLogsDicomVersion MallocArenaMax DicomParserThreadsCount DicomParserMemoryCapacity
  DicomParserCacheSize TranscoderThreadsCount TranscoderMemoryCapacity TranscoderCacheSize
  SequentialDicomReaderThreadsCount SequentialDicomReaderWindowSize
  SequentialDicomReaderWindowCapacity LoaderThreads ZipLoaderThreads
`
