import { json } from './answers.ts'
import type { Routes } from './routes.ts'

/** Lists that are empty as long as nothing of their kind can be made here. */
export const emptyListRoutes: Routes = app => {
  for (const path of ['/modalities', '/peers', '/queries']) {
    app.get(path, c => json(c.req.query('expand') !== undefined ? {} : []))
  }
}
