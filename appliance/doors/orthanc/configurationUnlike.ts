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
  ReadOnly: [false],
  PatientLevelEnabled: [true],
  ExecuteLuaEnabled: [false],
  RestApiWriteToFileSystemEnabled: [false],
  SaveJobs: [true],
  HttpServerEnabled: [true],
  HttpDescribeErrors: [true],
  HttpCompressionEnabled: [false],
  KeepAlive: [true],
  TcpNoDelay: [true],
  SynchronousZipStream: [true],
  MetricsEnabled: [true],
  DicomServerEnabled: [true],
  StrictAetComparison: [true],
  DicomModalitiesInDatabase: [true],
  OrthancPeersInDatabase: [true],
  DicomEchoChecksFind: [false],
  DicomDefaultRetrieveMethod: ['C-MOVE'],
  SynchronousCMove: [true],
  CaseSensitivePN: [false],
  DeidentifyLogs: [true],
  HttpVerbose: [false],
  HttpsVerifyPeers: [true],
  TranscodeDicomProtocol: [true],
  SslVerifyPeers: [false],
  LuaHeartBeatPeriod: [0],
  LoadPrivateDictionary: [false],
  DicomScuPreferredTransferSyntax: ['1.2.840.10008.1.2.1'],
}

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
  DicomLossyTranscodingQuality: 'no image is written with loss',
  ExternalDictionaries: 'DCMTK’s dictionaries are not read',
  MallocArenaMax: 'this is no program of the C library’s allocator',
  HttpTimeout: 'waits of outgoing HTTP are fixed',
  HttpProxy: 'the run time’s own proxy settings hold',
  DeidentifyLogsDicomVersion: 'logs never hold what identifies a patient',
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
  if (isTranslated && option !== 'DicomThreadsCount') return undefined
  if (asItIs[option]?.includes(value)) return undefined
  return reasons[option] ?? 'there is nothing like it here'
}
