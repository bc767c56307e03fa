import { keyOf } from '../../holdings/catalog/catalog.ts'
import { done, json, missing } from './answers.ts'
import { type Call, flag, jsonBody } from './arguments.ts'
import type { Desk } from './desk.ts'
import { Refusal } from './errors.ts'
import { count, isObject, words } from './jobsBodies.ts'
import type { Json, JsonObject } from './json.ts'
import { callPeer, type Peer } from './peersCalls.ts'
import type { Routes } from './routes.ts'

/** Other servers of this API: kept in the store with all their settings, and asked who they are. */
export const peerRoutes: Routes = (app, desk) => {
  app.get('/peers', c => {
    const all = [...desk.store.range<[string, Peer]>({ under: keyOf('peer') })].map(
      ([, kept]) => kept,
    )
    return json(
      flag(c, 'expand')
        ? Object.fromEntries(all.map(([name, peer]) => [name, configurationOf(peer)]))
        : all.map(([name]) => name),
    )
  })

  app.get('/peers/:id', c =>
    kept(desk, c.req.param('id'))
      ? json(['configuration', 'store', 'store-straight', 'system'])
      : missing(),
  )
  app.get('/peers/:id/configuration', c => json(configurationOf(peerAt(desk, c))))

  app.put('/peers/:id', async c => {
    const name = c.req.param('id')
    const body = await jsonBody(c, desk.limits.formBytes)
    // So Orthanc says that a PUT has no effect.
    if (body === undefined) return missing()
    const peer = peerOf(name, body)
    desk.store.commit({ put: [[keyOf('peer', name), [name, peer]]] })
    await desk.store.flushed()
    return done()
  })

  app.delete('/peers/:id', async c => {
    const name = c.req.param('id')
    if (!kept(desk, name)) throw new Refusal('InexistentItem', 'Unknown Orthanc peer')
    desk.store.commit({ remove: [keyOf('peer', name)] })
    await desk.store.flushed()
    return done()
  })

  app.get('/peers/:id/system', async c => {
    const peer = peerAt(desk, c)
    const asked = { method: 'GET', path: 'system', stop: c.req.raw.signal }
    return json(answerOf(await callPeer(peer, asked)))
  })
}

const kept = (desk: Desk, name: string): Peer | undefined =>
  desk.store.get<[string, Peer]>(keyOf('peer', name))?.[1]

/** The peer that a route names. */
export function peerAt(desk: Desk, c: Call): Peer {
  const peer = kept(desk, c.req.param('id') ?? '')
  if (!peer) throw new Refusal('UnknownResource', 'No peer with this symbolic name')
  return peer
}

/** The JSON of a good answer. */
export function answerOf({ status, body }: { status: number; body: Buffer }): Json {
  if (status !== 200)
    throw new Refusal('NetworkProtocol', `The peer answered with status ${status}`)
  try {
    return JSON.parse(body.toString('utf8')) as Json
  } catch {
    throw new Refusal('NetworkProtocol', 'The peer answered with something that is not JSON')
  }
}

/** A peer as jobs tell it: a list when its URL and user say it all, without its password. */
export function peerJson(peer: Peer): Json {
  const { url, username, headers, timeout, certificateFile, more } = peer
  const plain = timeout === 0 && certificateFile === undefined
  if (plain && Object.keys(headers).length + Object.keys(more).length === 0) {
    return username === undefined ? [url] : [url, username]
  }
  const { Password: _, CertificateKeyPassword: __, ...rest } = configurationOf(peer)
  return { ...rest, HttpHeaders: headers }
}

/** Passwords are never told. */
function configurationOf(peer: Peer): JsonObject {
  return {
    ...(peer.more as JsonObject),
    CertificateFile: peer.certificateFile,
    CertificateKeyFile: peer.certificateKeyFile,
    CertificateKeyPassword: peer.certificateKeyPassword === undefined ? undefined : null,
    HttpHeaders: Object.keys(peer.headers),
    Password: peer.username === undefined ? undefined : null,
    Pkcs11: false,
    Timeout: peer.timeout,
    Url: peer.url,
    Username: peer.username,
  }
}

/** A peer as a body names it: an object, `[url]`, or `[url, user, password]`. */
function peerOf(name: string, body: unknown): Peer {
  if (!/^[A-Za-z0-9_-]+$/.test(name)) {
    throw new Refusal(
      'BadFileFormat',
      'Only alphanumeric, dash characters and underscores are allowed in the names of modalities/peers',
    )
  }
  if (Array.isArray(body)) {
    if (body.length !== 1 && body.length !== 3) throw new Refusal('BadFileFormat')
    const [Url, Username, Password] = body
    return peerOf(name, { Url, Username, Password })
  }
  if (!isObject(body)) throw new Refusal('BadFileFormat')
  const {
    HttpHeaders = {},
    Pkcs11,
    Url: _,
    Username: __,
    Password: ___,
    Timeout: ____,
    ...rest
  } = body
  if (Pkcs11 === true) throw new Refusal('NotImplemented', 'Smart cards are not supported')
  const { CertificateFile: _c, CertificateKeyFile: _k, CertificateKeyPassword: _p, ...more } = rest
  if (!isObject(HttpHeaders) || Object.values(HttpHeaders).some(each => typeof each !== 'string')) {
    throw new Refusal('BadFileFormat', 'Field "HttpHeaders" must contain an object of strings')
  }
  const optional = {
    username: words(body, 'Username') || undefined,
    password: words(body, 'Password'),
    certificateFile: words(body, 'CertificateFile'),
    certificateKeyFile: words(body, 'CertificateKeyFile'),
    certificateKeyPassword: words(body, 'CertificateKeyPassword'),
  }
  const given = Object.entries(optional).filter(([, value]) => value !== undefined)
  return {
    url: urlOf(words(body, 'Url') ?? ''),
    headers: HttpHeaders as Record<string, string>,
    timeout: count(body, 'Timeout') ?? 0,
    // As Orthanc: what other programs wrote there becomes text.
    more: Object.fromEntries(
      Object.entries(more).flatMap(([key, value]) =>
        value === undefined || typeof value === 'object' ? [] : [[key, String(value)]],
      ),
    ),
    ...Object.fromEntries(given),
  }
}

function urlOf(url: string): string {
  if (url === '') throw new Refusal('BadFileFormat', 'Empty URL')
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) {
    throw new Refusal('BadFileFormat', 'Bad URL: only http:// and https:// are peers')
  }
  return url.endsWith('/') ? url : `${url}/`
}
