import {
  type Described,
  openApiOf,
  type Schema,
  type Served,
  templateOf,
} from '../../host/http/http.ts'
import { described, refusalSchema } from './described.ts'
import { notYetOperations } from './notYet.ts'
import { spokenVersion } from './system.ts'

/** The OpenAPI document of all that is served, this door's and what stands beside it. */
export function documentOf(
  routes: readonly Served[],
  beside: ReadonlyMap<string, Described> = new Map(),
): Schema {
  return openApiOf({
    title: 'Waystation',
    version: spokenVersion,
    routes: [...routes.filter(isServed), ...itself],
    describe: ({ method, path }) =>
      described.get(`${method} ${path}`) ?? beside.get(`${method} ${path}`) ?? ours(path),
    refusal: ({ path }) =>
      isOurs(path)
        ? { type: 'application/json', schema: problemSchema }
        : { type: 'text/plain', schema: refusalSchema },
  })
}

const itself: readonly Served[] = [
  { method: 'GET', path: '/api/openapi.json' },
  { method: 'GET', path: '/api/handbook' },
]

/** Routes that only say 501 are not served. */
export const isServed = ({ method, path }: Served): boolean =>
  !notYetOperations.has(`${method} ${templateOf(path)}`)

const isOurs = (path: string): boolean => /^\/(api|healthz|readyz|metrics)(\/|$)/.test(path)

/** Of our own API the path says what it is for. */
function ours(path: string): { summary: string; tag?: string } {
  return { summary: path.replaceAll(/[{}]/g, ''), ...(isOurs(path) && { tag: 'api' }) }
}

const problemSchema: Schema = {
  type: 'object',
  properties: {
    code: { type: 'string' },
    detail: { type: 'string' },
    advice: { type: 'string' },
  },
}
