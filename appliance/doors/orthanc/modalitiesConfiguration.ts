import { manufacturers, type Node, type NodeInput } from '../../duties/nodes/nodes.ts'
import { Refusal } from './errors.ts'
import { count, isObject, truth, words } from './jobsBodies.ts'
import type { JsonObject } from './json.ts'

/** Nodes as Orthanc's configuration has modalities. */

type Manufacturer = (typeof manufacturers)[number]

/** Names that Orthanc had once. */
const formerManufacturers: Readonly<Record<string, Manufacturer>> = {
  AgfaImpax: 'GenericNoWildcardInDates',
  SyngoVia: 'GenericNoWildcardInDates',
  EFilm2: 'Generic',
  MedInria: 'Generic',
  ClearCanvas: 'Generic',
  Dcm4Chee: 'Generic',
}

export function configurationOf(node: Node): JsonObject {
  const { allows } = node
  return {
    AET: node.aet,
    AllowEcho: allows.echo,
    AllowEventReport: allows.eventReport,
    AllowFind: allows.find,
    AllowFindWorklist: allows.findWorklist,
    AllowGet: allows.get,
    AllowMove: allows.move,
    AllowNAction: allows.storageCommitment,
    AllowStore: allows.store,
    AllowTranscoding: allows.transcoding,
    Host: node.host,
    LocalAet: node.localAet ?? '',
    Manufacturer: node.manufacturer,
    Port: node.port,
    RetrieveMethod: node.retrieveMethod === 'C-GET' ? 'C-GET' : 'SystemDefault',
    Timeout: node.timeout ?? 0,
    UseDicomTls: node.useTls,
  }
}

/**
 * A node as a body names it: an object, or `[AET, host, port, manufacturer]`. What Orthanc has no
 * word for stays as it was.
 */
export function nodeOf(name: string, body: unknown, former: Node | undefined): NodeInput {
  if (!/^[A-Za-z0-9_-]+$/.test(name)) {
    throw new Refusal(
      'BadFileFormat',
      'Only alphanumeric, dash characters and underscores are allowed in the names of modalities/peers',
    )
  }
  if (Array.isArray(body)) {
    if (body.length < 3 || body.length > 4) throw new Refusal('BadFileFormat')
    const [AET, Host, Port, Manufacturer] = body
    return nodeOf(name, { AET, Host, Port, Manufacturer }, former)
  }
  if (!isObject(body)) throw new Refusal('BadFileFormat')
  const allowed = (field: string, otherwise?: string) =>
    truth(body, field) ?? (otherwise ? truth(body, otherwise) : undefined) ?? true
  const localAet = words(body, 'LocalAet')
  const timeout = count(body, 'Timeout')
  const { localAet: _, timeout: __, ...kept }: Partial<Node> = former ?? {}
  return {
    ...kept,
    name,
    aet: needed(body, 'AET'),
    host: needed(body, 'Host'),
    port: portOf(body),
    ...(localAet && { localAet }),
    ...(timeout && { timeout }),
    manufacturer: manufacturerNamed(words(body, 'Manufacturer') ?? 'Generic'),
    useTls: truth(body, 'UseDicomTls') ?? false,
    retrieveMethod: retrieveMethodNamed(words(body, 'RetrieveMethod')) ?? 'C-MOVE',
    allows: {
      echo: allowed('AllowEcho'),
      store: allowed('AllowStore'),
      find: allowed('AllowFind'),
      findWorklist: allowed('AllowFindWorklist'),
      get: allowed('AllowGet'),
      move: allowed('AllowMove'),
      storageCommitment: allowed('AllowNAction', 'AllowStorageCommitment'),
      eventReport: allowed('AllowEventReport', 'AllowStorageCommitment'),
      transcoding: allowed('AllowTranscoding'),
    },
  }
}

function needed(body: JsonObject, name: string): string {
  const value = words(body, name)
  if (value === undefined) {
    throw new Refusal('BadFileFormat', `String value expected in field: ${name}`)
  }
  return value
}

/** A number, or its digits. */
function portOf({ Port }: JsonObject): number {
  const port = typeof Port === 'string' && /^\d{1,9}$/.test(Port) ? Number(Port) : Port
  if (typeof port !== 'number' || !Number.isInteger(port)) {
    throw new Refusal('BadFileFormat', 'Unsigned integer value expected in field: Port')
  }
  if (port < 1 || port > 65_535) {
    throw new Refusal('ParameterOutOfRange', 'A TCP port number must be in range [1..65535]')
  }
  return port
}

function manufacturerNamed(name: string): Manufacturer {
  const known = manufacturers.find(each => each === name)
  const former = Object.hasOwn(formerManufacturers, name) ? formerManufacturers[name] : undefined
  const found = known ?? former
  if (!found) throw new Refusal('ParameterOutOfRange', 'Unknown modality manufacturer')
  return found
}

/** Undefined: the node's own. */
export function retrieveMethodNamed(name: string | undefined): Node['retrieveMethod'] | undefined {
  if (name === undefined || name === 'SystemDefault') return undefined
  if (name === 'C-MOVE' || name === 'C-GET') return name
  throw new Refusal('ParameterOutOfRange', `Unknown retrieve method: ${name}`)
}
