/** What can be set: the options of the command line, the configuration file, and what they come to. */
import { statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { z } from 'zod'
import { orthancSettings, type Translated, translated } from './doors/orthanc/orthanc.ts'
import { scpSettings } from './doors/scp/scp.ts'
import { forwardSettings } from './duties/forward/forward.ts'
import { jobsSettings } from './duties/jobs/jobs.ts'
import { nodesSettings } from './duties/nodes/nodes.ts'
import { Fault } from './faults.ts'
import { archiveSettings } from './holdings/archive/archive.ts'
import { storageSettings } from './holdings/storage/storage.ts'
import { loadSettings, type Option, readCommentedJson, readOptions } from './host/config/config.ts'
import { httpSettings } from './host/http/http.ts'

export const settingsSchema = z.strictObject({
  dicom: scpSettings.prefault({}),
  http: httpSettings.extend({ orthanc: orthancSettings.prefault({}) }).prefault({}),
  archive: archiveSettings.extend({ storage: storageSettings.prefault({}) }).prefault({}),
  forward: forwardSettings.prefault({}),
  nodes: nodesSettings.prefault([]),
  jobs: jobsSettings.prefault({}),
})
export type Settings = z.output<typeof settingsSchema>

const logLevels = ['debug', 'info', 'warn', 'error']

/** What every command needs that touches the data folder. */
export const keepingOptions: Record<string, Option> = {
  data: { help: 'DIR  where everything is kept (default ./data)' },
  config: { help: 'FILE  settings, JSON' },
  'orthanc-config': { help: 'FILE  an Orthanc configuration, or a folder of them; --config wins' },
  'log-level': { help: 'L  debug, info, warn or error (default info)' },
}

export const serveOptions: Record<string, Option> = {
  ...keepingOptions,
  'http-port': {
    help: 'N  HTTP port, 0 for a free one (default 8042)',
    sets: ['http', 'port'],
    number: true,
  },
  'http-host': { help: 'A  HTTP address (default 127.0.0.1)', sets: ['http', 'host'] },
  'dicom-port': {
    help: 'N  DICOM port, 0 for a free one (default 11112)',
    sets: ['dicom', 'port'],
    number: true,
  },
}

/** Where the process gets its options from; everything not given here has its default. */
export function readSettings(
  args: string[],
  known: Record<string, Option>,
): { data: string; logLevel: string; settings: Settings; without: Translated['without'] } {
  const given = readOptions(known, args, process.env)
  const logLevel = String(given['log-level'] ?? 'info')
  if (!logLevels.includes(logLevel)) {
    throw new Fault('settings-refused', `--log-level is one of ${logLevels.join(', ')}`)
  }
  const over = Object.entries(given).flatMap(([name, value]) => {
    const at = known[name]!.sets
    return at ? [{ at, value }] : []
  })
  const orthanc =
    given['orthanc-config'] === undefined ? undefined : readOrthanc(String(given['orthanc-config']))
  const settings = loadSettings(settingsSchema, {
    ...(given.config === undefined ? {} : { file: String(given.config) }),
    ...(orthanc && { under: orthanc.settings }),
    env: process.env,
    over,
  })
  return {
    data: resolve(String(given.data ?? 'data')),
    logLevel,
    settings,
    without: orthanc?.without ?? [],
  }
}

/** An Orthanc configuration file, or a folder of them, in our own terms. */
export function readOrthanc(path: string): Translated {
  const options = readCommentedJson(path, process.env)
  return translated(options, statSync(path).isDirectory() ? path : dirname(resolve(path)))
}
