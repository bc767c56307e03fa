import { z } from 'zod'
import { Fault } from '../../../faults.ts'
import type { Answer, Asked } from './exchange.ts'

const secret = z.string().min(1)

/** How this box says who it is to an HTTP server. */
export const credentialsSettings = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('basic'),
    user: z
      .string()
      .regex(/^[^:]+$/, 'a user name has no ":"')
      .describe('User name.'),
    password: z.string().describe('Its password; `${NAME}` takes it from the environment.'),
  }),
  z.strictObject({
    kind: z.literal('bearer'),
    token: z
      .string()
      .regex(/^[A-Za-z0-9._~+/=-]+$/, 'a token is letters, digits and ._~+/=-')
      .describe('The token that goes with every request.'),
  }),
  z.strictObject({
    kind: z.literal('oauth2'),
    tokenUrl: z.url({ protocol: /^https?$/ }).describe('Where tokens are given out.'),
    clientId: secret.describe('Our name there.'),
    clientSecret: secret.describe('Our secret there.'),
    scope: z.string().optional().describe('What to ask for; without it what it gives by itself.'),
    audience: z.string().optional().describe('For whom the token is; some servers want to know.'),
    clientIn: z
      .enum(['header', 'body'])
      .default('header')
      .describe('Where our name and secret go: header (RFC 6749 §2.3.1), or the body of the form.'),
  }),
])

export type CredentialsSettings = z.output<typeof credentialsSettings>

export interface Credentials {
  /** The Authorization to send, from the server of tokens when need be. Faults: `peer-refused`, `peer-failed`, those of the wire. */
  authorization(stop: AbortSignal): Promise<string>
  /** That one was refused. Answers whether there may be a better one. */
  refused(authorization: string): boolean
}

/** Seconds before its end from which a token is no longer used, or a tenth of its life if less. */
const margin = 60
/** Seconds that a token is used whose life nobody told (RFC 6749 §5.1). */
const unknownLife = 300

/**
 * OAuth 2.0 client credentials (RFC 6749 §4.4): a token is asked for when it is first needed, again
 * shortly before it ends, and when it was refused; many who need one at once share the question.
 */
export function openCredentials(
  settings: CredentialsSettings,
  parts: {
    ask(asked: Asked, stop: AbortSignal): Promise<Answer>
    /** Monotonic, ms. */
    elapsed: () => number
  },
): Credentials {
  if (settings.kind !== 'oauth2') {
    const fixed =
      settings.kind === 'bearer'
        ? `Bearer ${settings.token}`
        : `Basic ${base64(`${settings.user}:${settings.password}`)}`
    return { authorization: async () => fixed, refused: () => false }
  }
  let current: { authorization: string; until: number } | undefined
  let asking: Promise<string> | undefined

  async function fetchToken(stop: AbortSignal): Promise<string> {
    const askedAt = parts.elapsed()
    const answer = await parts.ask(tokenRequest(settings as OAuth2), stop)
    const { authorization, seconds } = tokenOf(answer, new URL((settings as OAuth2).tokenUrl))
    const life = seconds - Math.min(margin, seconds / 10)
    current = { authorization, until: askedAt + life * 1000 }
    return authorization
  }

  return {
    async authorization(stop) {
      if (current && parts.elapsed() < current.until) return current.authorization
      // One who stops must not take the answer from the others.
      while (asking) {
        const shared = await asking.catch(() => undefined)
        if (shared !== undefined) return shared
      }
      asking = fetchToken(stop)
      try {
        return await asking
      } finally {
        asking = undefined
      }
    },

    refused(authorization) {
      if (current?.authorization === authorization) current = undefined
      return true
    },
  }
}

type OAuth2 = Extract<CredentialsSettings, { kind: 'oauth2' }>

function tokenRequest(settings: OAuth2): Asked {
  const { clientId, clientSecret, scope, audience, clientIn } = settings
  const form = new URLSearchParams({ grant_type: 'client_credentials' })
  if (scope) form.set('scope', scope)
  if (audience) form.set('audience', audience)
  if (clientIn === 'body') {
    form.set('client_id', clientId)
    form.set('client_secret', clientSecret)
  }
  const body = Buffer.from(form.toString())
  return {
    method: 'POST',
    url: new URL(settings.tokenUrl),
    headers: {
      Accept: 'application/json',
      'Content-Type': 'application/x-www-form-urlencoded',
      'Content-Length': String(body.length),
      ...(clientIn === 'header'
        ? {
            Authorization: `Basic ${base64(`${formEncoded(clientId)}:${formEncoded(clientSecret)}`)}`,
          }
        : {}),
    },
    body: async function* () {
      yield body
    },
    answerBytes: 1024 * 1024,
  }
}

function tokenOf(answer: Answer, url: URL): { authorization: string; seconds: number } {
  const { status, retryAfter } = answer
  const said = parsed(answer.text)
  if (status === 200 && typeof said.access_token === 'string' && said.access_token !== '') {
    const seconds = Number(said.expires_in)
    return {
      authorization: `Bearer ${said.access_token}`,
      seconds: Number.isFinite(seconds) && seconds > 0 ? seconds : unknownLife,
    }
  }
  // RFC 6749 §5.2: a code out of a short list, never a secret.
  const reason = /^[a-z_]{1,40}$/.exec(String(said.error ?? ''))?.[0]
  const detail = `the server of tokens ${url.host} answered ${status}${reason ? `: ${reason}` : ''}`
  const ours = status >= 400 && status < 500 && status !== 408 && status !== 429
  throw new Fault(ours ? 'peer-refused' : 'peer-failed', detail, { retryAfter })
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

const base64 = (text: string) => Buffer.from(text, 'utf8').toString('base64')

/** RFC 6749 §2.3.1: each half is form-encoded before they are joined. */
const formEncoded = (text: string) => new URLSearchParams({ '': text }).toString().slice(1)
