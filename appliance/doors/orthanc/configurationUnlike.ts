type Options = Readonly<Record<string, unknown>>

/** Options that need no equivalent as long as they have this value: so this box behaves anyway. */
const asItIs: Readonly<Record<string, readonly unknown[]>> = {
  StorageCompression: [false],
  MaximumStorageSize: [0],
  MaximumPatientCount: [0],
  MaximumStorageMode: ['Reject'],
  StoreDicom: [true],
  StoreMD5ForAttachments: [true],
  SyncStorageArea: [true],
  ExecuteLuaEnabled: [false],
  RestApiWriteToFileSystemEnabled: [false],
  SaveJobs: [true],
  HttpServerEnabled: [true],
  HttpCompressionEnabled: [false],
  KeepAlive: [true],
  TcpNoDelay: [true],
  SynchronousZipStream: [true],
  MetricsEnabled: [true],
  DicomServerEnabled: [true],
  StrictAetComparison: [true],
  DicomModalitiesInDatabase: [true],
  OrthancPeersInDatabase: [true],
  SynchronousCMove: [true],
  DeidentifyLogs: [true],
  HttpVerbose: [false],
  HttpsVerifyPeers: [true],
  TranscodeDicomProtocol: [true],
  SslVerifyPeers: [false],
  LuaHeartBeatPeriod: [0],
  LoadPrivateDictionary: [false],
  DicomScuPreferredTransferSyntax: ['1.2.840.10008.1.2.1'],
  BuiltinDecoderTranscoderOrder: ['After'],
  StorageCommitmentReportsSize: [100],
}

const sameReason = (why: string, options: readonly string[]): Record<string, string> =>
  Object.fromEntries(options.map(option => [option, why]))

/** Why there is no equivalent, for those options that people ask about. */
const reasons: Readonly<Record<string, string>> = {
  StorageDirectory:
    'everything lies in the folder that --data names; import images by sending them',
  IndexDirectory: 'the catalogue lies in the data folder',
  TemporaryDirectory: 'what is unfinished lies in the data folder and is swept at the start',
  StorageCompression: 'image files are kept as they came',
  MaximumStorageSize: 'receiving ends at the reserve of the disk, see archive.reserve',
  MaximumPatientCount: 'there is no limit on the number of patients',
  MaximumStorageMode: 'nothing is recycled: a full disk is told to the sender',
  MaximumStorageCacheSize: 'the system’s own file cache is used',
  StoreDicom: 'an image that is not kept is not acknowledged',
  SyncStorageArea: 'every acknowledged image is on the disk',
  OrthancExplorerEnabled: 'there is no Orthanc Explorer here',
  Plugins: 'Orthanc’s plugins are not loaded',
  LuaScripts: 'Lua is not run',
  ExecuteLuaEnabled: 'Lua is not run',
  RegisteredUsers: 'there are no users yet: HTTP listens on this machine only',
  AuthenticationEnabled: 'there are no users yet: HTTP listens on this machine only',
  HttpThreadsCount: 'there are no threads to count, see http.limits.connections',
  HttpCompressionEnabled: 'answers are not compressed',
  KeepAliveTimeout: 'connections are kept as long as http.limits.idleSeconds says',
  SslMinimumProtocolVersion: 'TLS 1.2 and 1.3 are spoken, nothing older',
  SslVerifyPeers: 'HTTPS does not ask callers for certificates yet',
  SslTrustedClientCertificates: 'HTTPS does not ask callers for certificates yet',
  SslCiphersAccepted: 'the ciphers are those of the run time’s defaults',
  DicomTlsMinimumProtocolVersion: 'DICOM TLS follows BCP 195',
  DicomTlsCiphersAccepted: 'DICOM TLS follows BCP 195',
  DicomThreadsCount: 'there are no threads to count, see dicom.limits.associations',
  StrictAetComparison: 'AE titles are compared as they are written',
  DicomServerEnabled: 'the DICOM port is always open',
  DicomModalitiesInDatabase: 'nodes added at run time are always kept',
  OrthancPeersInDatabase: 'peers added at run time are always kept',
  DicomAssociationCloseDelay: 'an association is released when its work is done',
  WebDavEnabled: 'there is no WebDAV yet',
  WebDavDeleteAllowed: 'there is no WebDAV yet',
  WebDavUploadAllowed: 'there is no WebDAV yet',
  DicomWeb: 'there is no DICOMweb yet',
  Worklists: 'there is no worklist yet',
  ServeFolders: 'folders of this machine are not served',
  IngestTranscoding: 'images are kept as they came',
  IngestTranscodingOfUncompressed: 'images are kept as they came',
  IngestTranscodingOfCompressed: 'images are kept as they came',
  LoadPrivateDictionary: 'names of private tags come from http.orthanc.dictionary only',
  ExternalDictionaries: 'DCMTK’s dictionaries are not read',
  MallocArenaMax: 'this is no program of the C library’s allocator',
  HttpTimeout: 'waits of outgoing HTTP are fixed',
  HttpProxy: 'the run time’s own proxy settings hold',
  StoreMD5ForAttachments: 'an MD5 is computed when it is asked for, and remembered',
  DeidentifyLogs: 'logs never hold what identifies a patient',
  DatabaseServerIdentifier: 'the catalogue is this box’s own: nobody shares it',
  Warnings: 'what is unusual is in the log with what to do about it',
  SaveJobs: 'jobs are always kept: they go on after a restart',
  JobsEngineThreadsCount: 'a job works in one place; how many run at once says jobs.concurrent',
  RestApiWriteToFileSystemEnabled: 'nothing is written to paths of this machine on request',
  LuaHeartBeatPeriod: 'Lua is not run',
  HttpServerEnabled: 'the HTTP port is always open: people and probes look at the box there',
  KeepAlive: 'connections are always kept, see http.limits.idleSeconds',
  TcpNoDelay: 'small packets always go out at once',
  SynchronousZipStream: 'archives are always streamed: there is no temporary file',
  MetricsEnabled:
    'metrics are always collected; PUT /tools/metrics hides them until the next start',
  HttpVerbose: 'what goes over outgoing HTTP is not logged: it names patients',
  HttpsVerifyPeers: 'the certificate of a peer must be a valid one',
  HttpsCACertificates: 'name the file in NODE_EXTRA_CA_CERTS of the service',
  Pkcs11: 'smart cards are not supported',
  DicomScuPreferredTransferSyntax:
    'what a node does not take as it is goes uncompressed, as the node prefers',
  TranscodeDicomProtocol: 'forbid it node by node: AllowTranscoding',
  SynchronousCMove: 'a C-MOVE is answered while it goes on, and ended when it is over',
  StorageCommitmentReportsSize: 'the last 10,000 requests for storage commitment are kept',
  DefaultPrivateCreator: 'a private tag is declared with its creator, in http.orthanc.dictionary',
  Locale: 'letters are compared by Unicode, whatever the locale',
  BuiltinDecoderTranscoderOrder: 'there is one decoder: no plugin replaces it',
  DicomDefaultRetrieveMethod:
    'nodes of this file have it; one added later is fetched from by C-MOVE unless it says C-GET',
  ReadOnly:
    'images still come in by DICOM and go out by rules: refuse callers with dicom.unknownCallers',
  LimitFindResults: 'of C-FIND it is dicom.find.limit, one number for all levels',
  LimitFindInstances: 'of C-FIND it is dicom.find.limit, one number for all levels',
  ...sameReason('there are no threads to count: one process serves all', [
    ...['StorageLoaderThreadsCount', 'DicomParserThreadsCount', 'TranscoderThreadsCount'],
    ...['SequentialDicomReaderThreadsCount', 'LoaderThreads', 'ZipLoaderThreads'],
    'MaximumConcurrentDcmtkTranscoders',
  ]),
  ...sameReason('memory is bounded by streaming: there is no such cache', [
    ...['StorageMemoryCapacity', 'DicomParserMemoryCapacity', 'DicomParserCacheSize'],
    ...['TranscoderMemoryCapacity', 'TranscoderCacheSize', 'SequentialDicomReaderWindowSize'],
    'SequentialDicomReaderWindowCapacity',
  ]),
  ...sameReason('Orthanc’s plugins are not loaded', [
    ...['Authorization', 'AdvancedStorage', 'AwsS3Storage', 'AzureBlobStorage', 'DelayedDeletion'],
    ...['Education', 'Gdcm', 'GoogleCloudStorage', 'Housekeeper', 'Java', 'Mammography'],
    ...['MultitenantDicom', 'MySQL', 'Neuro', 'Odbc', 'OHIF', 'OrthancExplorer2', 'PixelsMasker'],
    ...['PostgreSQL', 'Python', 'PythonScript', 'PythonVerbose', 'STL', 'StoneWebViewer', 'Tcia'],
    ...['Transfers', 'VolView', 'WebViewer', 'WholeSlideImaging', 'Wsi', 'ConnectivityChecks'],
  ]),
  DeidentifyLogsDicomVersion: 'logs never hold what identifies a patient',
}

/** No plugins, no scripts, no proxy: nothing is asked for. */
const isEmpty = (value: unknown): boolean =>
  value === '' || (typeof value === 'object' && value !== null && Object.keys(value).length === 0)

/** Options that are translated and still mean something else there, when they have such a value. */
const partly: Readonly<Record<string, (value: unknown) => boolean>> = {
  ReadOnly: value => value === true,
  LimitFindResults: value => value !== 0,
  LimitFindInstances: value => value !== 0,
  DicomDefaultRetrieveMethod: value => value === 'C-GET',
}

/**
 * Why an option has no equivalent here; undefined when it has one, or when this box behaves as it
 * says without any.
 */
export function unlike(
  option: string,
  value: unknown,
  all: Options,
  isTranslated: boolean,
): string | undefined {
  if (option === 'RemoteAccessAllowed' || option === 'HttpBindAddresses') {
    const isClosed = all.RemoteAccessAllowed === true && all.AuthenticationEnabled !== false
    return isClosed ? reasons.RegisteredUsers : undefined
  }
  if (/TransferSyntaxAccepted$/.test(option)) {
    return value === false ? 'leave its UIDs out of dicom.acceptedTransferSyntaxes' : undefined
  }
  if (option === 'OverwriteInstances' && value === 'IfChanged') {
    return 'what is sent again unchanged is never written again; what differs replaces the first'
  }
  if (option === 'AuthenticationEnabled' && value === false) return undefined
  if (partly[option]?.(value)) return reasons[option]
  if (isTranslated && option !== 'DicomThreadsCount') return undefined
  if (asItIs[option]?.includes(value) || isEmpty(value)) return undefined
  return reasons[option] ?? 'there is nothing like it here'
}
