import { readFileSync } from 'node:fs'
import { type IncomingMessage, request as plain } from 'node:http'
import { request as secure } from 'node:https'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Fault } from '../../faults.ts'
import { bytesOf } from '../../host/http/http.ts'

/** Another server of the Orthanc REST API, as it was named. */
export interface Peer {
  /** With a slash at its end. */
  url: string
  username?: string
  password?: string
  headers: Readonly<Record<string, string>>
  /** Seconds of silence; 0: a minute. */
  timeout: number
  certificateFile?: string
  certificateKeyFile?: string
  certificateKeyPassword?: string
  /** Keys of other programs, kept and told as text. */
  more: Readonly<Record<string, string>>
}

/** An answer is read no further. */
const answerLimit = 16 * 1024 * 1024
const defaultTimeout = 60

/**
 * One request to a peer, its body streamed at the peer's pace. Faults: `peer-unreachable`,
 * `peer-timeout`, `peer-aborted`, `cancelled`, `settings-refused` (a certificate that cannot be
 * read), and those of `body`. Any status is an answer.
 */
export async function callPeer(
  peer: Peer,
  what: {
    method: string
    path: string
    headers?: Record<string, string>
    body?: AsyncIterable<Uint8Array>
    stop?: AbortSignal
  },
): Promise<{ status: number; body: Buffer; type: string }> {
  const url = new URL(what.path, peer.url)
  const seconds = peer.timeout || defaultTimeout
  const { username, password = '' } = peer
  const outgoing = (url.protocol === 'https:' ? secure : plain)(url, {
    method: what.method,
    headers: { ...peer.headers, ...what.headers },
    ...(username !== undefined && { auth: `${username}:${password}` }),
    ...(what.stop && { signal: what.stop }),
    ...certificates(peer),
  })
  let silent = false
  outgoing.setTimeout(seconds * 1000, () => {
    silent = true
    outgoing.destroy()
  })
  let source: unknown
  const body = what.body && watched(what.body, error => (source = error))
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once('response', resolve)
    outgoing.once('error', reject)
    outgoing.once('close', () => reject(new Error('closed')))
  })
  try {
    const sent = body
      ? pipeline(Readable.from(body, { objectMode: false }), outgoing)
      : outgoing.end()
    // A peer may answer before it has read everything, and close.
    const [answer] = await Promise.all([
      answered,
      Promise.resolve(sent as unknown).catch(error =>
        answered.then(
          () => undefined,
          () => Promise.reject(error),
        ),
      ),
    ])
    const bytes = await bytesOf(limited(answer))
    return {
      status: answer.statusCode ?? 0,
      body: bytes,
      type: answer.headers['content-type'] ?? '',
    }
  } catch (error) {
    outgoing.destroy()
    if (source) throw source
    if (what.stop?.aborted) throw new Fault('cancelled', 'on request')
    if (silent) throw new Fault('peer-timeout', `the peer said nothing for ${seconds} s`)
    if (error instanceof Fault) throw error
    const { code = '' } = error as NodeJS.ErrnoException
    const reached = outgoing.socket?.bytesWritten ? 'peer-aborted' : 'peer-unreachable'
    throw new Fault(reached, `the HTTP connection failed ${code}`.trim(), { cause: error })
  }
}

function certificates(peer: Peer): object {
  const read = (file: string | undefined) => {
    try {
      return file ? readFileSync(file) : undefined
    } catch {
      throw new Fault('settings-refused', 'the certificate for the peer cannot be read')
    }
  }
  const [cert, key] = [read(peer.certificateFile), read(peer.certificateKeyFile)]
  return {
    ...(cert && { cert }),
    ...(key && { key }),
    ...(peer.certificateKeyPassword && { passphrase: peer.certificateKeyPassword }),
  }
}

async function* watched(
  bytes: AsyncIterable<Uint8Array>,
  failed: (error: unknown) => void,
): AsyncGenerator<Uint8Array> {
  try {
    yield* bytes
  } catch (error) {
    failed(error)
    throw error
  }
}

async function* limited(answer: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let length = 0
  for await (const chunk of answer) {
    length += chunk.length
    if (length > answerLimit) throw new Fault('peer-failed', 'the peer answers without end')
    yield chunk
  }
}
