import { spelledOut } from './notYet.ts'
import type { App } from './routes.ts'
import type { OrthancSettings } from './settings.ts'

/** Routes that change what is kept, which a read-only interface does not have. */
const writing: Readonly<Record<string, readonly string[]>> = {
  POST: [
    '/instances',
    '/{patients,studies,series,instances}/:id/{modify,anonymize,reconstruct}',
    '/studies/:id/{split,merge}',
    '/{patients,studies,series,instances}/:id/attachments/:name/{compress,uncompress}',
    '/tools/{bulk-delete,bulk-modify,bulk-anonymize,create-dicom,reconstruct,invalidate-tags}',
    '/storage-commitment/:id/remove',
  ],
  PUT: [
    '/{patients,studies,series,instances}/:id/{metadata,attachments}/:name',
    '/{patients,studies,series,instances}/:id/labels/:label',
    '/patients/:id/protected',
  ],
  DELETE: [
    '/{patients,studies,series,instances}/:id',
    '/{patients,studies,series,instances}/:id/{metadata,attachments}/:name',
    '/{patients,studies,series,instances}/:id/labels/:label',
    '/{changes,exports}',
  ],
}

const writes = new Set(
  Object.entries(writing).flatMap(([verb, patterns]) =>
    patterns.flatMap(spelledOut).map(path => `${verb} ${path}`),
  ),
)

/**
 * The same routes without those that the settings withhold: of a path with none left nobody knows,
 * and one with others is 405 for what it has not. As in Orthanc, where they are not registered.
 */
export function withholding(
  app: App,
  { readOnly, patientLevel }: Pick<OrthancSettings, 'readOnly' | 'patientLevel'>,
): App {
  if (!readOnly && patientLevel) return app
  const isServed = (verb: string, path: string) =>
    !(readOnly && writes.has(`${verb} ${path}`)) &&
    (patientLevel || !/^\/patients(\/|$)/.test(path))
  return new Proxy(app, {
    get(target, name, receiver) {
      const own = Reflect.get(target, name, receiver) as unknown
      if (typeof own !== 'function') return own
      return (...given: unknown[]) => {
        const [verb, path] = name === 'on' ? given : [String(name).toUpperCase(), given[0]]
        const isRoute = typeof path === 'string' && path.startsWith('/')
        if (isRoute && !isServed(String(verb), path)) return receiver
        return Reflect.apply(own, target, given)
      }
    },
  })
}
