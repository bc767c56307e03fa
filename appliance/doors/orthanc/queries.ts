import { randomUUID } from 'node:crypto'
import type { Node } from '../../duties/nodes/nodes.ts'
import { Fault } from '../../faults.ts'
import { type Level, levels } from '../../holdings/catalog/catalog.ts'
import { type Dataset, vrOf } from '../../standard/dicom/dicom.ts'
import { done, json, text } from './answers.ts'
import { type Call, flag, jsonBody, tagFormat, textBody } from './arguments.ts'
import type { Desk } from './desk.ts'
import { answerJson } from './dicomJson.ts'
import { questioned, Refusal } from './errors.ts'
import { isObject, jobWishOf, truth, words } from './jobsBodies.ts'
import type { JsonObject } from './json.ts'
import { levelNamed, rankOf } from './levels.ts'
import { modalityAt, overridden } from './modalities.ts'
import { retrieveMethodNamed } from './modalitiesConfiguration.ts'
import { retrieve } from './modalitiesRetrieve.ts'
import {
  identifierOf,
  keysIn,
  keysJson,
  keysOfLevel,
  normalized,
  type QueryKeys,
} from './queriesIdentifier.ts'
import type { Routes } from './routes.ts'

/** A question that was asked of a node, and what it answered. Forgotten when the box ends. */
interface Query {
  id: string
  node: Node
  level: Level
  keys: QueryKeys
  answers: readonly Dataset[]
}

/** Over all queries; a node that answers more to one question is cut off. */
const answersAtMost = 50_000

/** What is asked below an answer, by the level of the answer. */
const childQueries = {
  studies: 'Study',
  series: 'Series',
  instances: 'Instance',
} as const

/** Questions to other nodes, whose answers are looked at and fetched one by one. */
export const queryRoutes: Routes = (app, desk) => {
  const queries = new Map<string, Query>()

  async function ask(
    c: Call,
    node: Node,
    level: Level,
    keys: QueryKeys,
    asked: QueryKeys,
  ): Promise<Response> {
    const answers: Dataset[] = []
    const identifier = identifierOf(asked, desk.dictionary, level)
    const stop = c.req.raw.signal
    const given = desk.network.asking.find(node, { level, identifier }, { stop })
    for await (const { dataset } of questioned(given)) {
      answers.push(dataset)
      if (answers.length >= answersAtMost) break
    }
    const query = { id: randomUUID(), node, level, keys, answers }
    queries.set(query.id, query)
    let kept = 0
    for (const each of queries.values()) kept += each.answers.length
    for (const [id, each] of queries) {
      if (queries.size <= desk.settings.queries && kept <= answersAtMost) break
      if (id === query.id) break
      queries.delete(id)
      kept -= each.answers.length
    }
    return json({ ID: query.id, Path: `/queries/${query.id}` })
  }

  app.post('/modalities/:id/query', async c => {
    const node = modalityAt(desk, c)
    const body = await objectIn(desk, c)
    if (body.Level === undefined) {
      throw new Refusal('BadFileFormat', 'The JSON body must contain field Level')
    }
    const level = levelNamed(words(body, 'Level')!)
    const keys = body.Query === undefined ? new Map() : keysIn(body.Query, 'Query', desk.dictionary)
    const asked = (truth(body, 'Normalize') ?? true) ? normalized(keys, level) : keys
    return ask(c, overridden(node, body), level, keys, asked)
  })

  app.get('/queries', () => json([...queries.keys()].sort()))

  const queryAt = (c: Call) => {
    const query = queries.get(c.req.param('id') ?? '')
    if (!query) throw new Refusal('UnknownResource')
    return query
  }
  const answerAt = (c: Call): { query: Query; answer: Dataset } => {
    const query = queryAt(c)
    const index = c.req.param('index') ?? ''
    if (!/^-?\d{1,9}$/.test(index)) {
      throw new Refusal('BadParameterType', 'Syntax error in some user-supplied data')
    }
    const answer = query.answers[Number(index)]
    if (!answer) throw new Refusal('ParameterOutOfRange')
    return { query, answer }
  }

  app.get('/queries/:id', c => {
    queryAt(c)
    return json(['answers', 'level', 'modality', 'query', 'retrieve'])
  })
  app.delete('/queries/:id', c => {
    queries.delete(c.req.param('id'))
    return done()
  })
  app.get('/queries/:id/level', c => text(queryAt(c).level))
  app.get('/queries/:id/modality', c => text(queryAt(c).node.name))
  app.get('/queries/:id/query', c => json(keysJson(queryAt(c).keys, tagFormat(c, 'full'))))

  app.get('/queries/:id/answers', c => {
    const { answers } = queryAt(c)
    const format = tagFormat(c, 'full')
    return json(
      flag(c, 'expand')
        ? answers.map(answer => answerJson(desk.dictionary, answer, format))
        : answers.map((_, i) => String(i)),
    )
  })
  app.get('/queries/:id/answers/:index', c => {
    const { query } = answerAt(c)
    const below = levels.slice(rankOf(query.level) + 1)
    const children = Object.entries(childQueries).filter(([, level]) => below.includes(level))
    // Orthanc lists the first of them in the singular, and routes it in the plural.
    const names = children.map(([name]) => `query-${name === 'studies' ? 'study' : name}`)
    return json(['content', 'retrieve', ...names])
  })
  app.get('/queries/:id/answers/:index/content', c =>
    json(answerJson(desk.dictionary, answerAt(c).answer, tagFormat(c, 'full'))),
  )

  for (const [name, level] of Object.entries(childQueries)) {
    app.post(`/queries/:id/answers/:index/query-${name}`, async c => {
      const { query, answer } = answerAt(c)
      if (rankOf(level) <= rankOf(query.level)) throw new Refusal('UnknownResource')
      const body = await objectIn(desk, c)
      const given =
        body.Query === undefined ? new Map() : keysIn(body.Query, 'Query', desk.dictionary)
      const keys = new Map([...given, ...namedAbove(answer, query.level)])
      return ask(c, overridden(query.node, body), level, keys, normalized(keys, level))
    })
  }

  app.post('/queries/:id/retrieve', c => {
    const query = queryAt(c)
    return fetchAnswers(desk, c, query, query.answers)
  })
  app.post('/queries/:id/answers/:index/retrieve', c => {
    const { query, answer } = answerAt(c)
    return fetchAnswers(desk, c, query, [answer])
  })
}

async function objectIn(desk: Desk, c: Call): Promise<JsonObject> {
  const body = await jsonBody(c, desk.limits.formBytes)
  if (!isObject(body)) throw new Refusal('BadFileFormat', 'Must provide a JSON object')
  return body
}

/** The keys by which a node names what it answered with, as far as it gives them. */
function namedBy(answer: Dataset, level: Level): QueryKeys {
  return new Map(
    keysOfLevel(level).flatMap(tag => {
      const value = answer.text(tag)
      return value === undefined ? [] : [[tag, value] as const]
    }),
  )
}

/** What Orthanc names of an answer to ask below it: its UIDs, or the patient. */
function namedAbove(answer: Dataset, level: Level): QueryKeys {
  const named = [...namedBy(answer, level)]
  return new Map(level === 'Patient' ? named : named.filter(([tag]) => vrOf(tag) === 'UI'))
}

/** The body is the AE title to send to, or an object, or nothing. */
async function fetchAnswers(
  desk: Desk,
  c: Call,
  { node, level }: Query,
  answers: readonly Dataset[],
): Promise<Response> {
  const given = (await textBody(c, desk.limits.formBytes)).trim()
  let body: JsonObject = {}
  if (given.startsWith('{')) {
    try {
      body = JSON.parse(given) as JsonObject
    } catch {
      throw new Refusal('BadFileFormat', 'Must provide a JSON object')
    }
  } else if (given !== '') body = { TargetAet: given }
  const format = truth(body, 'Full') ? 'full' : truth(body, 'Simplify') ? 'human' : 'short'
  const queries = answers.map(answer => namedBy(answer, level))
  if (queries.some(keys => keys.size === 0)) {
    throw new Fault('peer-failed', 'the node does not name what it answered with')
  }
  const method = retrieveMethodNamed(words(body, 'RetrieveMethod')) ?? node.retrieveMethod
  return retrieve(desk, jobWishOf(body), method, {
    ...{ node: overridden(node, body), level, queries, format },
    targetAet: words(body, 'TargetAet') || desk.system().dicomAet,
  })
}
