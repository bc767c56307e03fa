import { keyOf, type PublicId } from '../../holdings/catalog/catalog.ts'
import { done, json, missing, text } from './answers.ts'
import { type Desk, expectResource } from './desk.ts'
import { Refusal } from './errors.ts'
import { levelAt } from './levels.ts'
import type { Routes } from './routes.ts'

/** Labels lie twice in the store: by resource, to be shown, and by label, to be searched. */
const byResource = (id: PublicId, label: string) => keyOf('label', id, label)
const byLabel = (label: string, id: PublicId) => keyOf('labelled', label, id)

/** In alphabetical order. */
export function labelsOf(desk: Desk, id: PublicId): string[] {
  return [...desk.store.range<string>({ under: keyOf('label', id) })].map(([, label]) => label)
}

export function hasLabel(desk: Desk, id: PublicId, label: string): boolean {
  return desk.store.get(byResource(id, label)) !== undefined
}

/** Orthanc's alphabet of labels. */
function expectLabel(label: string): void {
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(label)) {
    throw new Refusal('ParameterOutOfRange', 'Labels are made of 1 to 64 letters, digits, _ and -')
  }
}

export const labelRoutes: Routes = (app, desk) => {
  app.get('/tools/labels', () => {
    const labels = new Set<string>()
    for (const [, label] of desk.store.range<string>({ under: keyOf('labelled') }))
      labels.add(label)
    return json([...labels])
  })

  for (const path of ['patients', 'studies', 'series', 'instances']) {
    const level = levelAt(path)

    app.get(`/${path}/:id/labels`, c => {
      expectResource(desk, level, c.req.param('id'))
      return json(labelsOf(desk, c.req.param('id')))
    })

    app.get(`/${path}/:id/labels/:label`, c => {
      const { id, label } = c.req.param()
      expectResource(desk, level, id)
      return hasLabel(desk, id, label) ? text('') : missing()
    })

    app.put(`/${path}/:id/labels/:label`, async c => {
      const { id, label } = c.req.param()
      expectResource(desk, level, id)
      expectLabel(label)
      desk.store.commit({
        put: [
          [byResource(id, label), label],
          [byLabel(label, id), label],
        ],
      })
      await desk.store.flushed()
      return done()
    })

    app.delete(`/${path}/:id/labels/:label`, async c => {
      const { id, label } = c.req.param()
      expectResource(desk, level, id)
      expectLabel(label)
      desk.store.commit({ remove: [byResource(id, label), byLabel(label, id)] })
      await desk.store.flushed()
      return done()
    })
  }
}

/** The keys of a resource's labels, for whoever forgets the resource. */
export function labelKeys(desk: Desk, id: PublicId): string[] {
  return labelsOf(desk, id).flatMap(label => [byResource(id, label), byLabel(label, id)])
}
