import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { accepting, end, freePort, start } from '../../peers/programs.ts'

const program = '/usr/sbin/Orthanc'
const plugin = '/usr/share/orthanc/plugins/libOrthancDicomWeb.so'

/** Why Debian's Orthanc with its DICOMweb plugin cannot be asked here, or undefined when it can. */
export const absent =
  existsSync(program) && existsSync(plugin)
    ? undefined
    : 'not installed: apt-get install --no-install-recommends orthanc orthanc-dicomweb'

export const account = { user: 'box', password: 'a secret: 1' }

/** Debian's Orthanc as a PACS over HTTP, letting in one account only. */
export async function startOrthancPacs(configuration: Record<string, unknown> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'waystation-pacs-'))
  const [http, dicom] = [await freePort(), await freePort()]
  const storage = join(folder, 'storage')
  mkdirSync(storage)
  const file = join(folder, 'orthanc.json')
  writeFileSync(
    file,
    JSON.stringify({
      ...{ HttpPort: http, DicomPort: dicom, RemoteAccessAllowed: false },
      ...{ StorageDirectory: storage, IndexDirectory: storage, Plugins: [plugin] },
      AuthenticationEnabled: true,
      RegisteredUsers: { [account.user]: account.password },
      DicomWeb: { Enable: true, Root: '/dicom-web/' },
      ...configuration,
    }),
  )
  const running = start(program, [file])
  await accepting(http, running)
  const url = `http://127.0.0.1:${http}`
  const headers = { Authorization: `Basic ${btoa(`${account.user}:${account.password}`)}` }
  const ask = (path: string, init: RequestInit = {}) => fetch(url + path, { ...init, headers })
  return {
    ...{ url, ask, port: http, dicomPort: dicom },
    /** The whole file of each instance, by SOP Instance UID. */
    async files(): Promise<Map<string, Buffer>> {
      const listed = (await (await ask('/instances?expand')).json()) as {
        ID: string
        MainDicomTags: { SOPInstanceUID: string }
      }[]
      const files = new Map<string, Buffer>()
      for (const { ID, MainDicomTags } of listed) {
        const file = await (await ask(`/instances/${ID}/file`)).arrayBuffer()
        files.set(MainDicomTags.SOPInstanceUID, Buffer.from(file))
      }
      return files
    },
    async stop() {
      await end(running)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
