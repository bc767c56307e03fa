import { openApiOf, type Schema, type Served, templateOf } from '../../host/http/http.ts'
import { described, refusalSchema } from './described.ts'
import { describedBeside } from './describedBeside.ts'
import { notYetOperations } from './notYet.ts'
import { spokenVersion } from './system.ts'

/** The OpenAPI document of all that is served, this door's and what stands beside it. */
export function documentOf(routes: readonly Served[]): Schema {
  return openApiOf({
    title: 'Waystation',
    version: spokenVersion,
    routes: [...routes.filter(isServed), { method: 'GET', path: '/api/openapi.json' }],
    describe: ({ method, path }) =>
      described.get(`${method} ${path}`) ?? describedBeside.get(`${method} ${path}`) ?? ours(path),
    refusal: ({ path }) =>
      isOurs(path)
        ? { type: 'application/json', schema: problemSchema }
        : { type: 'text/plain', schema: refusalSchema },
  })
}

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
