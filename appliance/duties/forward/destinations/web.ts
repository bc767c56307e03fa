import { type Agent, Agent as PlainAgent } from 'node:http'
import { type AgentOptions, Agent as SecureAgent } from 'node:https'
import { createSecureContext } from 'node:tls'
import { z } from 'zod'
import { Fault } from '../../../faults.ts'
import { readTlsFiles, tlsFilesVersion } from '../../../standard/dimse/dimse.ts'
import { heedCertificate } from './certificates.ts'
import { credentialsSettings, openCredentials } from './credentials.ts'
import { type Answer, type Asked, exchange, StaleConnection } from './exchange.ts'
import { type Surroundings, type TlsSettings, tlsSettings } from './surroundings.ts'

const seconds = (fallback: number, help: string) =>
  z.number().positive().max(86_400).default(fallback).describe(help)

const httpUrl = (words: string) =>
  z
    .url({ protocol: /^https?$/, error: `${words} begins with http:// or https://` })
    .refine(text => {
      const url = URL.parse(text)
      return !url || (!url.search && !url.hash)
    }, `${words} ends with its path`)

/** What every kind of destination has that is reached over HTTP. */
export const webSettings = {
  url: httpUrl('a URL')
    .refine(text => !URL.parse(text)?.username, 'user and password go into "credentials"')
    .describe('Where its service begins, such as https://pacs.example/dicom-web.'),
  credentials: credentialsSettings.optional().describe('How we say who we are; without it not.'),
  headers: z
    .record(
      z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'not the name of a header'),
      z.string().regex(/^[\t\x20-\x7e]*$/, 'a header is one line of ASCII'),
    )
    .default({})
    .describe('Sent with every request, such as a key that a gateway wants.'),
  tls: tlsSettings.optional().describe('Certificates, for https.'),
  proxy: httpUrl('a proxy')
    .optional()
    .describe('The proxy between us, such as http://user:password@proxy:3128.'),
  timers: z
    .strictObject({
      connect: seconds(30, 'Seconds for TCP, proxy and TLS to connect.'),
      idle: seconds(120, 'Seconds in which nothing was taken or came, after which we give up.'),
      answer: seconds(300, 'Seconds after the last byte was given out until the answer begins.'),
      stop: seconds(10, 'Seconds given to what is under way when the service stops.'),
    })
    .prefault({})
    .describe('How long to wait for what; of silence, never of the whole.'),
}

const webShape = z.strictObject(webSettings)
export type WebSettings = z.output<typeof webShape>

/** What is asked of a web; paths are below its URL. */
export interface Question extends Omit<Asked, 'url' | 'headers'> {
  path: string
  headers?: Readonly<Record<string, string>>
}

/** An HTTP server with everything it takes to be let in there. */
export interface Web {
  url: URL
  /**
   * As `exchange`; and asks again, once, with a new token when the old one was refused, and over a
   * new connection when one that was kept open had been closed meanwhile. Faults besides:
   * `settings-refused` when our certificate or key cannot be used.
   */
  ask(question: Question, stop: AbortSignal): Promise<Answer | undefined>
}

/** ms that a connection is kept open for the next request. */
const keptOpen = 30_000

export function openWeb(
  settings: WebSettings & { name: string },
  around: Pick<Surroundings, 'log' | 'onCertificate'>,
): Web {
  const base = settings.url.replace(/\/+$/, '')
  let agents: { version: string; plain: Agent; secure: Agent } | undefined

  const onCertificate = heedCertificate(settings.name, around)

  /** The connections, made anew when a certificate file was renewed. */
  async function agentsNow() {
    const version = settings.tls ? await tlsFilesVersion(settings.tls) : ''
    if (agents?.version === version) return agents
    const options = { ...(await tlsOptions(settings.tls)), ...connections(settings.proxy) }
    agents?.plain.destroy()
    agents?.secure.destroy()
    agents = { version, plain: new PlainAgent(options), secure: new SecureAgent(options) }
    return agents
  }

  async function overLivingConnection(asked: Asked, stop: AbortSignal) {
    for (;;) {
      const { plain, secure } = await agentsNow()
      const agent = asked.url.protocol === 'https:' ? secure : plain
      try {
        const { timers } = settings
        return await exchange(asked, { agent, timers, stop, onCertificate })
      } catch (error) {
        if (!(error instanceof StaleConnection)) throw error
        // What else was kept open that long is closed as well.
        for (const socket of Object.values(agent.freeSockets).flat()) socket?.destroy()
      }
    }
  }

  const credentials =
    settings.credentials &&
    openCredentials(settings.credentials, {
      async ask(asked, stop) {
        const answer = await overLivingConnection(asked, stop)
        if (!answer) throw new Fault('internal', 'a question without a body')
        return answer
      },
      elapsed: () => performance.now(),
    })

  return {
    url: new URL(base),
    async ask({ path, headers, ...question }, stop) {
      for (let attempt = 1; ; attempt++) {
        const authorization = await credentials?.authorization(stop)
        const asked: Asked = {
          ...question,
          url: new URL(base + path),
          headers: {
            ...settings.headers,
            ...headers,
            ...(authorization ? { Authorization: authorization } : {}),
          },
        }
        const answer = await overLivingConnection(asked, stop)
        if (answer?.status !== 401 || !authorization || attempt > 1) return answer
        if (!credentials?.refused(authorization)) return answer
      }
    },
  }
}

function connections(proxy: string | undefined): AgentOptions {
  return {
    keepAlive: true,
    timeout: keptOpen,
    ...(proxy ? { proxyEnv: { HTTP_PROXY: proxy, HTTPS_PROXY: proxy } } : {}),
  }
}

async function tlsOptions(tls: TlsSettings | undefined): Promise<AgentOptions> {
  if (!tls) return {}
  const files = await readTlsFiles(tls)
  try {
    createSecureContext(files)
  } catch (cause) {
    const detail = `the TLS certificate or key cannot be used: ${(cause as Error).message}`
    throw new Fault('settings-refused', detail, { cause })
  }
  return {
    ...files,
    ...(tls.serverName ? { servername: tls.serverName } : {}),
    rejectUnauthorized: tls.verify,
  }
}

/** The same as `ask` for what has an answer in any case. */
export async function askFor(web: Web, question: Question, stop: AbortSignal): Promise<Answer> {
  const answer = await web.ask(question, stop)
  if (!answer) throw new Fault('internal', 'a question without a body')
  return answer
}
