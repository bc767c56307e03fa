import { templateOf } from '../../host/http/http.ts'
import { Refusal } from './errors.ts'
import type { Routes } from './routes.ts'

/**
 * Routes of Orthanc that are not served yet: they exist, so that a client is told 501 and not that
 * it mistyped. The README of this folder lists them.
 */
export const notYet: Readonly<Record<string, readonly string[]>> = {
  GET: [
    '/series/:id/numpy',
    '/instances/:id/{numpy,preview,rendered,image-uint8,image-uint16,image-int16,matlab}',
    '/instances/:id/frames/:frame/{preview,rendered,image-uint8,image-uint16,image-int16,matlab,numpy}',
  ],
  POST: [
    '/{patients,studies,series,instances}/:id/{modify,anonymize}',
    '/studies/:id/{split,merge}',
    '/tools/{bulk-modify,bulk-anonymize,create-dicom,execute-script}',
  ],
}

export const notYetRoutes: Routes = app => {
  for (const [method, patterns] of Object.entries(notYet)) {
    for (const path of patterns.flatMap(spelledOut)) {
      app.on(method, path, () => {
        throw new Refusal('NotImplemented')
      })
    }
  }
}

/** By verb and path, as the OpenAPI document writes them. */
export const notYetOperations: ReadonlySet<string> = new Set(
  Object.entries(notYet).flatMap(([method, patterns]) =>
    patterns.flatMap(spelledOut).map(path => `${method} ${templateOf(path)}`),
  ),
)

/** `/{a,b}/c` is `/a/c` and `/b/c`. */
export function spelledOut(pattern: string): string[] {
  const choice = /\{([^}]*)\}/.exec(pattern)
  if (!choice) return [pattern]
  const rest = pattern.slice(choice.index + choice[0].length)
  return choice[1]!
    .split(',')
    .flatMap(each => spelledOut(`${pattern.slice(0, choice.index)}${each}${rest}`))
}
