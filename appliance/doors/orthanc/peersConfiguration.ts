import { Fault } from '../../faults.ts'
import { Refusal } from './errors.ts'
import { count, isObject, truth, words } from './jobsBodies.ts'
import type { Json, JsonObject } from './json.ts'
import type { Peer } from './peersCalls.ts'
import type { OrthancSettings } from './settings.ts'

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
export function configurationOf(peer: Peer): JsonObject {
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

/** A peer as a body names it: an object, `[url]`, or `[url, user, password]`. Refusal: BadFileFormat. */
export function peerOf(name: string, body: unknown): Peer {
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
  const { HttpHeaders = {}, Url: _, Username: __, Password: ___, Timeout: ____, ...rest } = body
  if (truth(body, 'Pkcs11')) throw new Refusal('NotImplemented', 'Smart cards are not supported')
  const {
    Pkcs11: _s,
    CertificateFile: _c,
    CertificateKeyFile: _k,
    CertificateKeyPassword: _p,
    ...more
  } = rest
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
    more: Object.fromEntries(Object.entries(more).flatMap(ownProperty)),
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

/** As Orthanc: what other programs wrote there becomes text, if it is one thing. */
function ownProperty([key, value]: [string, Json]): [string, string][] {
  if (value === undefined || value === null) return []
  if (typeof value === 'object') {
    throw new Refusal(
      'BadFileFormat',
      `User-defined properties associated with a Web service must be strings: ${key}`,
    )
  }
  return [[key, typeof value === 'boolean' ? String(Number(value)) : String(value)]]
}

/** The peers of the settings. Fault: `settings-refused`, with every peer that cannot be. */
export function peersFrom(settings: OrthancSettings['peers']): ReadonlyMap<string, Peer> {
  const peers = new Map<string, Peer>()
  const problems: string[] = []
  for (const [name, given] of Object.entries(settings)) {
    try {
      peers.set(name, peerOf(name, given))
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      problems.push(`peers.${name}: ${error.message}`)
    }
  }
  if (problems.length > 0) throw new Fault('settings-refused', problems.join('; '))
  return peers
}
