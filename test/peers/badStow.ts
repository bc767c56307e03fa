import type { IncomingMessage } from 'node:http'
import type { ServerOptions } from 'node:https'
import { type BadWeb, type Reply, startBadWeb, take } from './badWeb.ts'

/** A DICOMweb PACS that fails on cue. */
export interface BadStow extends BadWeb {
  /** The failure reason of an instance; 0: none, it is stored; 'unnamed': the answer leaves it out. */
  reason(sopInstanceUid: string): number | 'unnamed'
  /** Answers 409 to a request that has one of these, with or without saying why. */
  conflicts(sopInstanceUid: string): boolean
  /** The form of its answers. */
  answers: 'json' | 'xml' | 'nothing'
  /** Whether it answers QIDO-RS, and in pages of how many. */
  qido: boolean
  page: number
  /** Whether it says how many images a series has. */
  counts: boolean
  /** Wants Content-Length. */
  lengthWanted: boolean
  /** Instances of each STOW request. */
  batches: string[][]
  /** The most that it takes in one request. */
  mostBytes: number
  /** Tokens given out so far; `/token` gives the next, good for so many seconds. */
  tokens: string[]
  tokenLife: number
  /** What `/token` answers instead of a token. */
  tokenRefusal: Reply | undefined
}

export function startBadStow(tls?: ServerOptions): Promise<BadStow> {
  const cues: Omit<BadStow, keyof BadWeb> = {
    reason: () => 0,
    conflicts: () => false,
    answers: 'json',
    qido: true,
    page: 1000,
    counts: true,
    lengthWanted: false,
    batches: [],
    mostBytes: Number.POSITIVE_INFINITY,
    tokens: [],
    tokenLife: 3600,
    tokenRefusal: undefined,
  }
  return startBadWeb(cues, answer, tls)
}

function answer(cloud: BadStow, request: IncomingMessage, body: Buffer): Reply {
  const url = new URL(request.url ?? '', 'http://cloud')
  if (url.pathname === '/token') return giveToken(cloud)
  if (request.method === 'GET') return list(cloud, url)
  if (cloud.lengthWanted && !request.headers['content-length']) return { status: 411 }
  if (body.length > cloud.mostBytes) return { status: 413 }
  return store(cloud, request, body)
}

function giveToken(cloud: BadStow): Reply {
  if (cloud.tokenRefusal) return cloud.tokenRefusal
  const token = `token-${cloud.tokens.length + 1}`
  cloud.tokens.push(token)
  return json(200, { access_token: token, token_type: 'Bearer', expires_in: cloud.tokenLife })
}

/** QIDO-RS for studies and for the instances of a series, of which test images have one a study. */
function list(cloud: BadStow, url: URL): Reply {
  if (!cloud.qido) return { status: 404 }
  const [, , study] = url.pathname.split('/')
  if (study === undefined) return { status: 204 }
  const all = [...cloud.taken.keys()].filter(uid => uid.startsWith(`${study}.`))
  if (url.pathname.endsWith('/series')) {
    if (!cloud.counts || all.length === 0) return { status: 400 }
    const offset = Number(url.searchParams.get('offset') ?? 0)
    const series = { vr: 'UI', Value: [`${study}.0`] }
    const count = { vr: 'IS', Value: [all.length] }
    return json(200, offset > 0 ? [] : [{ '0020000E': series, '00201209': count }])
  }
  const from = Number(url.searchParams.get('offset') ?? 0)
  const page = all.slice(from, from + cloud.page)
  if (page.length === 0) return { status: 204 }
  return json(
    200,
    page.map(uid => ({ '00080018': { vr: 'UI', Value: [uid] } })),
  )
}

function store(cloud: BadStow, request: IncomingMessage, body: Buffer): Reply {
  const boundary = /boundary="?([^";]+)/.exec(request.headers['content-type'] ?? '')?.[1] ?? ''
  const parts = partsOf(body, boundary)
  const batch: string[] = []
  const before = new Set(cloud.taken.keys())
  let conflict = false
  for (const part of parts) {
    const uid = take(cloud, part)
    if (uid === undefined) return { status: 400 }
    batch.push(uid)
    const refused = cloud.reason(uid) !== 0 && cloud.reason(uid) !== 'unnamed'
    if (cloud.conflicts(uid)) conflict = true
    if ((refused || cloud.conflicts(uid)) && !before.has(uid)) cloud.taken.delete(uid)
  }
  cloud.batches.push(batch)
  if (conflict) return { status: 409 }
  if (cloud.answers === 'nothing') return { status: 200 }
  const named = batch.filter(uid => cloud.reason(uid) !== 'unnamed')
  const stored = named.filter(uid => cloud.reason(uid) === 0)
  const failed = named.filter(uid => cloud.reason(uid) !== 0)
  const status = failed.length === 0 ? 200 : stored.length > 0 ? 202 : 409
  if (cloud.answers === 'xml') return { status, ...xml(cloud, stored, failed) }
  const item = (uid: string) => ({ '00081155': { vr: 'UI', Value: [uid] } })
  return json(status, {
    '00081199': { vr: 'SQ', Value: stored.map(item) },
    '00081198': {
      vr: 'SQ',
      Value: failed.map(uid => ({
        ...item(uid),
        '00081197': { vr: 'US', Value: [cloud.reason(uid)] },
      })),
    },
  })
}

function xml(cloud: BadStow, stored: string[], failed: string[]): Pick<Reply, 'body' | 'type'> {
  const attribute = (tag: string, vr: string, inner: string) =>
    `<DicomAttribute vr="${vr}" tag="${tag}">${inner}</DicomAttribute>\n`
  const item = (uid: string, more = '') =>
    `<Item number="1">${attribute('00081155', 'UI', `<Value number="1">${uid}</Value>`)}${more}</Item>`
  const reason = (uid: string) =>
    attribute('00081197', 'US', `<Value number="1">${cloud.reason(uid)}</Value>`)
  const body = [
    '<?xml version="1.0" encoding="UTF-8"?>\n<NativeDicomModel xml:space="preserve">',
    attribute('00081199', 'SQ', stored.map(uid => item(uid)).join('')),
    attribute('00081198', 'SQ', failed.map(uid => item(uid, reason(uid))).join('')),
    '</NativeDicomModel>',
  ]
  return { body: body.join(''), type: 'application/dicom+xml' }
}

const json = (status: number, value: unknown): Reply => ({
  ...{ status, body: JSON.stringify(value), type: 'application/dicom+json' },
})

/** RFC 2046 §5.1.1: what stands between the boundaries, behind the empty line. */
function partsOf(body: Buffer, boundary: string): Buffer[] {
  const parts: Buffer[] = []
  const delimiter = Buffer.from(`--${boundary}`)
  let at = body.indexOf(delimiter)
  for (;;) {
    const next = body.indexOf(delimiter, at + delimiter.length)
    if (next < 0) return parts
    const from = body.indexOf('\r\n\r\n', at) + 4
    parts.push(body.subarray(from, next - 2))
    at = next
  }
}
