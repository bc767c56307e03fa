import type { Level } from '../../holdings/catalog/catalog.ts'
import { json } from './answers.ts'
import { tagFormat } from './arguments.ts'
import { type Desk, expectResource } from './desk.ts'
import { datasetJson } from './dicomJson.ts'
import { ignoreLength, tagsOf } from './instances.ts'
import type { Json, JsonObject } from './json.ts'
import { levelAt } from './levels.ts'
import { keyed } from './listing.ts'
import { moduleTags } from './moduleTags.ts'
import type { Routes } from './routes.ts'

/** What several instances say: each of them, what all agree in, and the modules of each level. */
export const moduleRoutes: Routes = (app, desk) => {
  for (const path of ['patients', 'studies', 'series']) {
    const level = levelAt(path)

    app.get(`/${path}/:id/instances-tags`, async c => {
      const id = c.req.param('id')
      expectResource(desk, level, id)
      const shown = { format: tagFormat(c, 'full'), ignoreLength: ignoreLength(desk, c) }
      const { catalog } = desk.archive
      const ids = Array.from(catalog.instancesOf(id), instance => instance.id)
      return keyed(desk, c, ids, async each => {
        const instance = catalog.instance(each)
        return instance && tagsOf(desk, instance, shown)
      })
    })

    app.get(`/${path}/:id/shared-tags`, async c => {
      const id = c.req.param('id')
      expectResource(desk, level, id)
      const shown = { format: tagFormat(c, 'full'), ignoreLength: ignoreLength(desk, c) }
      let shared: Record<string, Json> | undefined
      for (const instance of desk.archive.catalog.instancesOf(id)) {
        shared = common(shared, await tagsOf(desk, instance, shown))
      }
      return json(shared ?? {})
    })
  }

  for (const path of ['patients', 'studies', 'series', 'instances']) {
    const level = levelAt(path)
    app.get(`/${path}/:id/module`, async c => {
      expectResource(desk, level, c.req.param('id'))
      return json(await moduleOf(desk, level, c.req.param('id'), tagFormat(c, 'full')))
    })
  }

  app.get('/studies/:id/module-patient', async c => {
    expectResource(desk, 'Study', c.req.param('id'))
    return json(await moduleOf(desk, 'Patient', c.req.param('id'), tagFormat(c, 'full')))
  })
}

/** What is left of `before` when only texts that `other` has alike are kept. */
function common(before: Record<string, Json> | undefined, other: JsonObject): Record<string, Json> {
  const kept = before ?? { ...other }
  for (const [key, value] of Object.entries(kept)) {
    const text = textOf(value)
    if (text === undefined || text !== textOf(other[key])) delete kept[key]
  }
  return kept
}

/** The text of a tag in any format; sequences and what has no text are never shared. */
function textOf(shown: Json): string | undefined {
  if (typeof shown === 'string') return shown
  if (typeof shown !== 'object' || shown === null || !('Value' in shown)) return undefined
  return typeof shown.Value === 'string' ? shown.Value : undefined
}

/** The tags of a level's module, as the first instance below the resource has them. */
async function moduleOf(
  desk: Desk,
  level: Level,
  id: string,
  format: 'human' | 'short' | 'full',
): Promise<JsonObject> {
  const [first] = desk.archive.catalog.instancesOf(id)
  if (!first) return {}
  const { dataset } = await desk.headers.read(first)
  return datasetJson(dataset, { format, only: moduleTags(level), names: desk.dictionary.nameOf })
}
