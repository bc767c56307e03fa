import type { Node } from '../../duties/nodes/nodes.ts'
import type { Level } from '../../holdings/catalog/catalog.ts'
import { type Dataset, formatTag, mainTags, tagOf } from '../../standard/dicom/dicom.ts'
import { json, wordless } from './answers.ts'
import { type Call, jsonBody } from './arguments.ts'
import type { Desk } from './desk.ts'
import { answerJson } from './dicomJson.ts'
import { questioned, Refusal } from './errors.ts'
import { isObject, truth } from './jobsBodies.ts'
import type { Json, JsonObject } from './json.ts'
import { modalityAt, overridden } from './modalities.ts'
import { identifierOf, keyOfLevel, keysIn, type QueryKeys } from './queriesIdentifier.ts'
import type { Routes } from './routes.ts'

/** Questions whose answers are given at once: worklists, and the queries Orthanc had first. */
export const modalityFindRoutes: Routes = (app, desk) => {
  app.post('/modalities/:id/find-worklist', async c => {
    const node = modalityAt(desk, c)
    const body = await bodyIn(desk, c)
    const wrapped = body.Query !== undefined
    const options = wrapped ? body : {}
    const keys = worklistKeys(desk, wrapped ? body.Query : body)
    const identifier = identifierOf(keys, desk.dictionary)
    const format = truth(options, 'Full') ? 'full' : truth(options, 'Short') ? 'short' : 'human'
    const found: JsonObject[] = []
    const asked = { model: 'worklist' as const, identifier }
    const stop = c.req.raw.signal
    const matches = desk.network.asking.find(overridden(node, options), asked, { stop })
    for await (const { dataset } of questioned(matches))
      found.push(answerJson(desk.dictionary, dataset, format))
    return json(found)
  })

  for (const level of ['Patient', 'Study', 'Series', 'Instance'] as const) {
    app.post(`/modalities/:id/find-${level.toLowerCase()}`, async c => {
      const node = modalityAt(desk, c)
      const keys = keysIn(await bodyIn(desk, c), 'Query', desk.dictionary)
      // As Orthanc: who asks below a resource names it, else the POST has no effect.
      if (parentsOf(level).some(above => !keys.get(keyOfLevel(above)))) {
        return wordless(400)
      }
      const found = await findAll(desk, c, node, level, keys)
      return json(found.map(dataset => answerJson(desk.dictionary, dataset, 'human')))
    })
  }

  app.post('/modalities/:id/find', async c => {
    const node = modalityAt(desk, c)
    const keys = keysIn(await bodyIn(desk, c), 'Query', desk.dictionary)
    const below = async (level: Level, above: QueryKeys): Promise<JsonObject[]> => {
      const told: JsonObject[] = []
      for (const dataset of await findAll(desk, c, node, level, new Map([...keys, ...above]))) {
        const next = level === 'Patient' ? 'Study' : level === 'Study' ? 'Series' : undefined
        const key = keyOfLevel(level)
        const named = new Map([...above, [key, dataset.text(key) ?? '']])
        const own = answerJson(desk.dictionary, dataset, 'human')
        told.push(
          next
            ? { ...own, [next === 'Study' ? 'Studies' : 'Series']: await below(next, named) }
            : own,
        )
      }
      return told
    }
    return json(await below('Patient', new Map()))
  })
}

/** Of worklists Orthanc says otherwise than of queries what is wrong with them. */
function worklistKeys(desk: Desk, given: Json): QueryKeys {
  if (!isObject(given)) throw new Refusal('BadParameterType')
  for (const [name, value] of Object.entries(given)) {
    const { tag } = desk.dictionary.asked(name)
    if (typeof value !== 'string') {
      throw new Refusal('BadParameterType', `Bad Parameter type for tag ${formatTag(tag)}`)
    }
  }
  return keysIn(given, 'Query', desk.dictionary)
}

const parentsOf = (level: Level): Level[] =>
  (['Patient', 'Study', 'Series'] as const).slice(
    0,
    ['Patient', 'Study', 'Series', 'Instance'].indexOf(level),
  )

async function bodyIn(desk: Desk, c: Call): Promise<JsonObject> {
  const body = await jsonBody(c, desk.limits.formBytes)
  if (!isObject(body)) throw new Refusal('BadFileFormat', 'Must provide a JSON object')
  return body
}

/** With all main tags of the level as keys to return. */
async function findAll(
  desk: Desk,
  c: Call,
  node: Node,
  level: Level,
  keys: QueryKeys,
): Promise<Dataset[]> {
  const all = new Map<number, string>(
    mainTags[level].flatMap(keyword => {
      const tag = tagOf(keyword)
      return tag === undefined || keyword.endsWith('Sequence') ? [] : [[tag, '']]
    }),
  )
  for (const [tag, value] of keys) all.set(tag, value)
  const found: Dataset[] = []
  const asked = { level, identifier: identifierOf(all, desk.dictionary, level) }
  const stop = c.req.raw.signal
  const answers = desk.network.asking.find(node, asked, { stop })
  for await (const { dataset } of questioned(answers)) {
    found.push(dataset)
    if (found.length >= answersAtMost) break
  }
  return found
}

const answersAtMost = 50_000
