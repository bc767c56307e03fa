import type { Level, PublicId } from '../../holdings/catalog/catalog.ts'
import { json } from './answers.ts'
import { type Desk, expectResource } from './desk.ts'
import type { JsonObject } from './json.ts'
import { levelAt } from './levels.ts'
import type { Routes } from './routes.ts'

const megabytes = (bytes: number) => Math.floor(bytes / (1024 * 1024))

/** Sizes, which Orthanc gives as decimal text in bytes and as whole numbers in megabytes. */
function sizes(names: readonly string[], bytes: number): JsonObject {
  return Object.fromEntries(
    names.flatMap(name => [
      [name, String(bytes)],
      [`${name}MB`, megabytes(bytes)],
    ]),
  )
}

export const statisticsRoutes: Routes = (app, desk) => {
  app.get('/statistics', () => {
    const totals = desk.archive.catalog.totals()
    return json({
      CountPatients: totals.patients,
      CountStudies: totals.studies,
      CountSeries: totals.series,
      CountInstances: totals.instances,
      ...sizes(['TotalDiskSize', 'TotalUncompressedSize'], totals.bytes),
    })
  })

  for (const path of ['patients', 'studies', 'series', 'instances']) {
    const level = levelAt(path)
    app.get(`/${path}/:id/statistics`, c => {
      expectResource(desk, level, c.req.param('id'))
      return json(statisticsOf(desk, level, c.req.param('id')))
    })
  }
}

const sizeNames = ['DiskSize', 'UncompressedSize', 'DicomDiskSize', 'DicomUncompressedSize']

function statisticsOf({ archive: { catalog } }: Desk, level: Level, id: PublicId): JsonObject {
  if (level === 'Instance') return sizes(sizeNames, catalog.instance(id)!.bytes)
  const parent = catalog.parent(id)!
  return {
    ...(level === 'Patient' && { CountStudies: parent.studies }),
    ...(level !== 'Series' && { CountSeries: parent.series }),
    CountInstances: parent.instances,
    ...sizes(sizeNames, parent.bytes),
  }
}
