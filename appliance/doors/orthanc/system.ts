import { json, missing, wordless } from './answers.ts'
import type { Routes } from './routes.ts'

/** The Orthanc whose interface we speak: clients look at these to learn what they may ask. */
export const spokenVersion = '1.13.0'
const apiVersion = 31

export const systemRoutes: Routes = (app, desk) => {
  app.get('/system', () => {
    const system = desk.system()
    return json({
      ApiVersion: apiVersion,
      Version: spokenVersion,
      Name: desk.settings.name,
      DicomAet: system.dicomAet,
      DicomPort: system.dicomPort,
      HttpPort: system.httpPort,
      DatabaseVersion: 6,
      DatabaseServerIdentifier: 'waystation',
      DatabaseBackendPlugin: null,
      StorageAreaPlugin: null,
      PluginsEnabled: true,
      IsHttpServerSecure: system.httpSecure,
      CheckRevisions: desk.settings.checkRevisions,
      StoreMD5ForAttachments: true,
      StorageCompression: false,
      OverwriteInstances: system.overwrites ?? false,
      OverwriteInstancesMode: system.overwrites ? 'IfChanged' : 'Never',
      IngestTranscoding: '',
      MaximumStorageSize: 0,
      MaximumPatientCount: 0,
      MaximumStorageMode: 'Reject',
      DicomDefaultRetrieveMethod: 'C-MOVE',
      ReadOnly: desk.settings.readOnly,
      PatientLevelEnabled: desk.settings.patientLevel,
      HasLabels: true,
      Capabilities: {
        HasExtendedChanges: true,
        HasExtendedFind: true,
        HasKeyValueStores: false,
        HasQueues: false,
        HasReserveQueueValue: false,
      },
      MainDicomTags: desk.mainTags.signature,
      UserMetadata: desk.settings.userMetadata,
      // Orthanc tells its caches and threads here: there are none like them.
      Performance: {},
      ThirdPartyPatches: {},
      ThirdPartyVersions: thirdParties,
    })
  })

  // Where Orthanc sends browsers, which ask for it by themselves: our own pages have theirs.
  app.get('/favicon.ico', () => {
    return wordless(301, { Location: 'ui/favicon.ico' })
  })

  app.get('/plugins', () => json(['explorer.js']))
  app.get('/plugins/explorer.js', () => {
    const headers = {
      'Content-Type': 'application/javascript',
      'X-Content-Type-Options': 'nosniff',
    }
    return new Response('', { headers })
  })
  app.get('/plugins/:id', () => missing())
}

/** Programs in which this one runs. */
const thirdParties = Object.fromEntries(
  ['node', 'v8', 'openssl', 'zlib'].flatMap(name => {
    const version = process.versions[name]
    return version === undefined ? [] : [[name, version]]
  }),
)
