import { randomUUID } from 'node:crypto'
import type { PublicId } from '../../holdings/catalog/catalog.ts'
import { generateUid } from '../../standard/dicom/dicom.ts'
import { done, json, missing, text } from './answers.ts'
import { formatField, objectBody, textBody } from './arguments.ts'
import { Refusal } from './errors.ts'
import { atLevel } from './find.ts'
import { truth, words } from './jobsBodies.ts'
import type { JsonObject } from './json.ts'
import { compactTime, levelNamed, pathOf } from './levels.ts'
import { removeResource } from './removal.ts'
import { describe } from './resources.ts'
import type { Routes } from './routes.ts'

export const toolRoutes: Routes = (app, desk) => {
  const { catalog } = desk.archive

  app.get('/tools/now', () => text(compactTime(desk.now().toISOString())))

  app.get('/tools/now-local', () => {
    const now = desk.now()
    const local = new Date(now.getTime() - now.getTimezoneOffset() * 60_000)
    return text(compactTime(local.toISOString()))
  })

  app.get('/tools/generate-uid', c => {
    const level = c.req.query('level')
    if (level === 'patient') return text(randomUUID())
    const known = level === 'study' || level === 'series' || level === 'instance'
    return known ? text(generateUid(desk.random)) : missing()
  })

  app.post('/tools/lookup', async c => {
    const identifier = await textBody(c, desk.limits.formBytes)
    if (/[*?]/.test(identifier)) {
      throw new Refusal('ParameterOutOfRange', 'Wildcards are not allowed in identifiers')
    }
    // Patients without an identifier are not meant by an empty one.
    const found = identifier.trim() === '' ? [] : catalog.lookup(identifier)
    return json(
      found.map(({ level, id }) => ({ ID: id, Path: `/${pathOf[level]}/${id}`, Type: level })),
    )
  })

  app.post('/tools/bulk-content', async c => {
    const body = await objectBody(c, desk.limits.formBytes)
    const ids = idsField(body)
    const named = words(body, 'Level')
    const level = named === undefined ? undefined : levelNamed(named)
    const telling = { format: formatField(body), metadata: truth(body, 'Metadata') ?? true }
    const wanted = new Set(level ? ids.flatMap(id => atLevel(desk, id, level)) : ids)
    const told: JsonObject[] = []
    for (const id of wanted) {
      const at = catalog.levelOf(id)
      const each = at && (await describe(desk, at, id, telling))
      if (each) told.push(each)
    }
    return json(told)
  })

  app.post('/tools/bulk-delete', async c => {
    const body = await objectBody(c, desk.limits.formBytes)
    for (const id of idsOrPairs(body)) {
      if (catalog.levelOf(id) !== undefined) await removeResource(desk, id)
    }
    return done()
  })
}

function idsField(body: JsonObject): PublicId[] {
  const ids = body.Resources
  if (!Array.isArray(ids) || ids.some(id => typeof id !== 'string')) {
    throw new Refusal('BadFileFormat', 'List of strings expected in field: Resources')
  }
  return ids as PublicId[]
}

/** Identifiers, or objects of `Level` and `ID`. */
function idsOrPairs(body: JsonObject): PublicId[] {
  const given = body.Resources
  if (!Array.isArray(given)) return idsField(body)
  return given.map(each => {
    const id = typeof each === 'object' && each !== null ? (each as JsonObject).ID : each
    return typeof id === 'string' ? id : idsField(body)[0]!
  })
}
