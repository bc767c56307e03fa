import { randomBytes } from 'node:crypto'
import type { Jobs } from '../../duties/jobs/jobs.ts'
import type { Archive } from '../../holdings/archive/archive.ts'
import type { Instance, Level, PublicId, Store } from '../../holdings/catalog/catalog.ts'
import type { Blobs } from '../../holdings/storage/storage.ts'
import type { HttpLimits } from '../../host/http/http.ts'
import type { Log } from '../../log.ts'
import { type Dictionary, dictionaryFrom } from './dictionary.ts'
import { Refusal } from './errors.ts'
import { createFigures, type Figures } from './figures.ts'
import { createHeaders, type Headers } from './headers.ts'
import { type MainTags, mainTagsFrom } from './mainTags.ts'
import type { Network } from './modalities.ts'
import type { Peer } from './peersCalls.ts'
import { peersFrom } from './peersConfiguration.ts'
import { type Running, standingAlone } from './running.ts'
import { type OrthancSettings, orthancSettings } from './settings.ts'
import { type Conversion, noConversion } from './transcoding.ts'

/** What this box says of itself. */
export interface SystemInfo {
  dicomAet: string
  dicomPort: number
  httpPort: number
  httpSecure: boolean
  /** Whether other bytes under a known SOP Instance UID take the place of the first; no unless told. */
  overwrites?: boolean
}

export interface OrthancOptions {
  archive: Archive
  /** A space of its own, where what only this interface knows is kept: metadata, labels, … */
  store: Store
  /** Where what users attach is kept: nothing else lies in it. */
  attachments: Blobs
  /** Asked each time, since ports are known only once they listen. */
  system: () => SystemInfo
  limits: Pick<HttpLimits, 'bodyBytes' | 'formBytes'>
  now: () => Date
  log: Log
  settings?: OrthancSettings
  /** Long work; somebody else runs them. */
  jobs: Jobs
  /** Remote nodes, and what they are asked. */
  network: Network
  /** Between transfer syntaxes; none unless given. */
  conversion?: Conversion
  /** The running box, which /tools look at and change; without it a door that stands alone. */
  running?: Running
  /** Random bytes, for identifiers. */
  random?: (bytes: number) => Uint8Array
}

/** What every route works with. */
export interface Desk extends Required<OrthancOptions> {
  /** Those of the settings. */
  peers: ReadonlyMap<string, Peer>
  mainTags: MainTags
  headers: Headers
  figures: Figures
  /** Tags that the standard has not. */
  dictionary: Dictionary
}

export function deskOf(options: OrthancOptions): Desk {
  const running = options.running ?? standingAlone()
  const settings = options.settings ?? orthancSettings.parse({})
  const dictionary = dictionaryFrom(settings.dictionary, running.encoding.characterSet)
  return {
    random: randomBytes,
    conversion: noConversion,
    ...options,
    running,
    settings,
    dictionary,
    peers: peersFrom(settings.peers),
    mainTags: mainTagsFrom(settings.extraMainDicomTags, dictionary),
    headers: createHeaders(options.archive, dictionary, running.encoding.characterSet),
    figures: createFigures(() => options.now().getTime()),
  }
}

/** That a resource is there and of this level; Orthanc's routes *below* a resource say it so. */
export function expectResource(desk: Desk, level: Level, id: PublicId): void {
  if (desk.archive.catalog.levelOf(id) !== level) throw new Refusal('UnknownResource')
}

export function instanceOf(desk: Desk, id: PublicId): Instance {
  const instance = desk.archive.catalog.instance(id)
  if (!instance) throw new Refusal('UnknownResource')
  return instance
}

/** The public identifier of the resource of a level at or above that one, of which it is a part. */
export function ancestorOf(desk: Desk, id: PublicId, level: Level): PublicId | undefined {
  const { catalog } = desk.archive
  let at: PublicId | undefined = id
  while (at !== undefined) {
    const here = catalog.levelOf(at)
    if (here === level) return at
    at = here === 'Instance' ? catalog.instance(at)?.series : catalog.parent(at)?.parent
  }
  return undefined
}
