import { Hono } from 'hono'
import type { HttpEnv, Schema, Served } from '../../host/http/http.ts'
import type { Log } from '../../log.ts'
import { json, wordless } from './answers.ts'
import type { Call } from './arguments.ts'
import { errorAnswer, Refusal, refusalOf } from './errors.ts'
import type { Figures } from './figures.ts'
import { handbookOf } from './handbook.ts'
import { handbookHeaders } from './handbookPage.ts'
import type { App } from './routes.ts'

/** The verbs that Orthanc routes. */
const verbs = ['GET', 'POST', 'PUT', 'DELETE'] as const

/**
 * Routes with Orthanc's habits, which hold for all of them: slashes too many do not count, verbs can
 * be faked, a wrong verb is 405 with `Allow`, what has routes below it lists them, and everything
 * that is thrown becomes an error of Orthanc's.
 */
export function conventional(
  routes: (app: App) => void,
  options: {
    log: Log
    figures: Figures
    /** Whether refusals have a body. */
    describes: boolean
    beside?: Hono
    document?: (routes: readonly Served[]) => Schema
  },
): App {
  const refused = (c: Call, refusal: Refusal) => {
    const answer = errorAnswer(refusal, c.req.method, decoded(pathOf(c.req.url)))
    return options.describes ? answer : wordless(answer.status)
  }
  const inner: App = new Hono<{ Bindings: HttpEnv }>({
    getPath: request => withoutTrailingSlash(pathOf(request.url)),
  })
  routes(inner)

  inner.notFound(c => {
    const path = withoutTrailingSlash(pathOf(c.req.url))
    const allowed = verbs.filter(verb => inner.router.match(verb, path)[0].length > 0)
    if (allowed.length > 0) {
      return wordless(405, { Allow: allowed.join(',') })
    }
    const below = c.req.method === 'GET' ? namesBelow(inner, path) : []
    return below.length > 0 ? json(below) : refused(c, new Refusal('UnknownResource'))
  })

  inner.onError((error, c) => {
    const refusal = refusalOf(error)
    if (refusal.error === 'Internal' || refusal.error === 'CannotWriteFile') {
      options.log.error('request-failed', {
        method: c.req.method,
        detail: error instanceof Error ? error.message : String(error),
        advice: 'An unexpected error while answering; please report it with this line.',
      })
    }
    return refused(c, refusal)
  })

  const outer: App = new Hono<{ Bindings: HttpEnv }>()
  const { document } = options
  if (document) {
    const told = () => document([...inner.routes, ...(options.beside?.routes ?? [])])
    outer.get('/api/openapi.json', () => Response.json(told()))
    outer.get('/api/handbook', () => new Response(handbookOf(told()), { headers: handbookHeaders }))
  }
  if (options.beside) outer.route('/', options.beside as unknown as App)
  outer.get('/', c =>
    c.req.raw.method === 'GET' ? wordless(301, { Location: 'ui/' }) : notRouted(),
  )
  outer.all('*', async c => {
    const verb = verbOf(c)
    if (verb === 'HEAD' || verb === 'OPTIONS') return notRouted()
    if (!(verbs as readonly string[]).includes(verb)) return wordless(400)
    const { raw } = c.req
    const end = options.figures.begin()
    try {
      const answer = await inner.fetch(raw.method === verb ? raw : faked(raw, verb), c.env)
      options.log.debug('request', { verb, path: pathOf(raw.url), status: answer.status })
      return answer
    } finally {
      end()
    }
  })
  return outer
}

const notRouted = () => wordless(404)

/** The verb meant: browsers and proxies that know only GET and POST name another beside. */
function verbOf(c: Call): string {
  const { method } = c.req.raw
  const named =
    method === 'POST'
      ? c.req.header('x-http-method-override')
      : method === 'GET'
        ? c.req.query('_method')
        : undefined
  return (named ?? method).toUpperCase()
}

function faked(request: Request, method: string): Request {
  const init = request.body ? { method, body: request.body, duplex: 'half' } : { method }
  return new Request(request, init as RequestInit)
}

/** The path of a URL, without what comes behind it and without doubled slashes. */
function pathOf(url: string): string {
  const from = url.indexOf('/', url.indexOf('//') + 2)
  const path = from < 0 ? '/' : url.slice(from).replace(/[?#].*$/s, '')
  return path.replace(/\/{2,}/g, '/')
}

const withoutTrailingSlash = (path: string) => (path.length > 1 ? path.replace(/\/$/, '') : path)

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

/** The next words of all routes that begin with this path. */
function namesBelow(app: App, path: string): string[] {
  const asked = path.split('/')
  const names = new Set<string>()
  for (const route of app.routes) {
    const parts = route.path.split('/')
    const next = parts[asked.length]
    if (next === undefined || next.startsWith(':')) continue
    if (asked.every((part, i) => parts[i] === part || (parts[i]!.startsWith(':') && part !== ''))) {
      names.add(next)
    }
  }
  return [...names].sort()
}
