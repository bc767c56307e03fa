import { countOf, flagOf, textOf, WrongValue } from './configuration.ts'

/** Orthanc's older names of manufacturers, by those that are left. */
const renamed: Record<string, string> = {
  AgfaImpax: 'GenericNoWildcardInDates',
  SyngoVia: 'GenericNoWildcardInDates',
  EFilm2: 'Generic',
  MedInria: 'Generic',
  ClearCanvas: 'Generic',
  Dcm4Chee: 'Generic',
}

const allowances: Record<string, readonly string[]> = {
  AllowEcho: ['echo'],
  AllowStore: ['store'],
  AllowFind: ['find'],
  AllowFindWorklist: ['findWorklist'],
  AllowGet: ['get'],
  AllowMove: ['move'],
  AllowStorageCommitment: ['storageCommitment', 'eventReport'],
  AllowNAction: ['storageCommitment'],
  AllowEventReport: ['eventReport'],
  AllowTranscoding: ['transcoding'],
}

/**
 * An entry of `DicomModalities`, list or object, as one of our `nodes`; `otherwise` is how images are
 * fetched from one that does not say.
 */
export function modalityFrom(
  name: string,
  given: unknown,
  otherwise?: 'C-GET',
): Record<string, unknown> {
  if (Array.isArray(given)) {
    const [AET, Host, Port, Manufacturer] = given as unknown[]
    if (given.length < 3 || given.length > 4) {
      throw new WrongValue(`${name} wants AET, host, port and maybe a manufacturer`)
    }
    const object = { AET, Host, Port, ...(Manufacturer !== undefined && { Manufacturer }) }
    return modalityFrom(name, object, otherwise)
  }
  if (typeof given !== 'object' || given === null) throw new WrongValue(`${name} is no modality`)
  const { AET, Host, Port, ...more } = given as Record<string, unknown>
  const node: Record<string, unknown> = {
    name,
    aet: textOf(AET),
    host: textOf(Host),
    port: Number(countOf(typeof Port === 'string' ? Number(Port) : Port)),
  }
  const allows: Record<string, boolean> = {}
  for (const [option, value] of Object.entries(more)) {
    const services = allowances[option]
    if (services) for (const each of services) allows[each] = flagOf(value)
  }
  if (Object.keys(allows).length > 0) node.allows = allows
  if (more.Manufacturer !== undefined) {
    const manufacturer = textOf(more.Manufacturer)
    node.manufacturer = renamed[manufacturer] ?? manufacturer
  }
  if (more.UseDicomTls !== undefined) node.useTls = flagOf(more.UseDicomTls)
  if (more.LocalAet) node.localAet = textOf(more.LocalAet)
  if (more.Timeout) node.timeout = countOf(more.Timeout)
  const { RetrieveMethod: method = 'SystemDefault' } = more
  if ((method === 'SystemDefault' ? otherwise : method) === 'C-GET') node.retrieveMethod = 'C-GET'
  return node
}

/** An entry of `OrthancPeers`, list or object, with the paths of its certificates made whole. */
export function peerFrom(given: unknown, file: (path: string) => string): unknown {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return given
  const peer: Record<string, unknown> = { ...given }
  for (const option of ['CertificateFile', 'CertificateKeyFile']) {
    if (peer[option]) peer[option] = file(textOf(peer[option]))
  }
  return peer
}
