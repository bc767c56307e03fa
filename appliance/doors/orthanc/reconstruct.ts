import { done } from './answers.ts'
import { booleanField, type Call, jsonBody } from './arguments.ts'
import { expectResource } from './desk.ts'
import type { JsonObject } from './json.ts'
import { levelAt } from './levels.ts'
import type { Routes } from './routes.ts'

/**
 * What the catalogue says is read from the images again. Files stay as they came, so that there is
 * nothing to do for `ReconstructFiles`.
 */
export const reconstructRoutes: Routes = (app, desk) => {
  /** The body is optional, and what is no JSON object says nothing. */
  async function optionsOf(c: Call): Promise<{ thisLevelOnly: boolean }> {
    const body = await jsonBody(c, desk.limits.formBytes)
    const isObject = typeof body === 'object' && body !== null && !Array.isArray(body)
    const options = isObject ? (body as JsonObject) : {}
    booleanField(options, 'ReconstructFiles', false)
    return { thisLevelOnly: booleanField(options, 'LimitToThisLevelMainDicomTags', false) }
  }

  for (const path of ['patients', 'studies', 'series', 'instances']) {
    app.post(`/${path}/:id/reconstruct`, async c => {
      const id = c.req.param('id')
      expectResource(desk, levelAt(path), id)
      const { thisLevelOnly } = await optionsOf(c)
      await desk.archive.reread(id, thisLevelOnly ? 'this level only' : 'all')
      desk.headers.forget()
      return done()
    })
  }

  app.post('/tools/reconstruct', async c => {
    await optionsOf(c)
    await desk.archive.rebuild()
    desk.headers.forget()
    return done()
  })
}
