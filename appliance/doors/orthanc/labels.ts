import { keyOf, type PublicId, type Store } from '../../holdings/catalog/catalog.ts'
import { done, json, missing, text } from './answers.ts'
import { type Desk, expectResource } from './desk.ts'
import { Refusal } from './errors.ts'
import { levelAt } from './levels.ts'
import type { Routes } from './routes.ts'

/** Labels lie twice in the store: all of a resource together, and each by itself to be found. */
const ofResource = (id: PublicId) => keyOf('labels', id)
const byLabel = (label: string, id: PublicId) => keyOf('labelled', label, id)

/** In alphabetical order. */
export function labelsOf(desk: Pick<Desk, 'store'>, id: PublicId): readonly string[] {
  return desk.store.get<string[]>(ofResource(id)) ?? []
}

export function hasLabel(desk: Desk, id: PublicId, label: string): boolean {
  return labelsOf(desk, id).includes(label)
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
      const labels = new Set([...labelsOf(desk, id), label])
      desk.store.commit({
        put: [
          [ofResource(id), [...labels].sort()],
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
      const labels = labelsOf(desk, id).filter(each => each !== label)
      desk.store.commit({
        put: labels.length > 0 ? [[ofResource(id), labels]] : [],
        remove: [byLabel(label, id), ...(labels.length > 0 ? [] : [ofResource(id)])],
      })
      await desk.store.flushed()
      return done()
    })
  }
}

/** Labels for parts that know no desk, over the same store; giving one twice is harmless. */
export function labelling(store: Store) {
  const of = (id: PublicId): readonly string[] => store.get<string[]>(ofResource(id)) ?? []
  return {
    of,
    add(id: PublicId, label: string): void {
      const before = of(id)
      if (before.includes(label)) return
      store.commit({
        put: [
          [ofResource(id), [...before, label].sort()],
          [byLabel(label, id), label],
        ],
      })
    },
  }
}

/** The keys of a resource's labels, for whoever forgets the resource. */
export function labelKeys(desk: Pick<Desk, 'store'>, id: PublicId): string[] {
  const labels = labelsOf(desk, id)
  return labels.length === 0 ? [] : [ofResource(id), ...labels.map(label => byLabel(label, id))]
}
