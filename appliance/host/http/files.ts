import { createHash } from 'node:crypto'
import { readFile, realpath } from 'node:fs/promises'
import { extname, join, sep } from 'node:path'

/**
 * The files of a folder over HTTP, each read whole: for pages, not for images. `path` is as it stands
 * in the URL, below the folder and without a leading slash. Answers nothing for what is not there, and
 * for whatever would lead out of the folder, over a link too. `ETag` is of the bytes, so that it
 * outlives a restored clock. Beside `name` may lie `name.br` and `name.gz`, which go to callers that
 * take them. What is named for its content (`forever`) is kept by callers for good; the rest they
 * must ask about each time.
 */
export function filesOf(
  folder: string,
  options: { forever: (path: string) => boolean; headers: Readonly<Record<string, string>> },
): (path: string, request: Request) => Promise<Response | undefined> {
  return async (path, request) => {
    const steps = stepsOf(path)
    const file = steps && (await within(folder, steps))
    const type = steps && types[extname(steps.at(-1) ?? '')]
    if (!file || !type) return undefined
    const found = await read(file, request.headers.get('accept-encoding') ?? '')
    if (!found) return undefined
    const { bytes, encoding } = found
    const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`
    const headers = new Headers({
      ...options.headers,
      'Content-Type': type,
      'Cache-Control': options.forever(path) ? 'public, max-age=31536000, immutable' : 'no-cache',
      'X-Content-Type-Options': 'nosniff',
      ETag: etag,
      Vary: 'Accept-Encoding',
    })
    if (isKnown(request.headers.get('if-none-match'), etag)) {
      return new Response(null, { status: 304, headers })
    }
    if (encoding) headers.set('Content-Encoding', encoding)
    headers.set('Content-Length', String(bytes.length))
    return new Response(request.method === 'HEAD' ? null : new Uint8Array(bytes), { headers })
  }
}

/** What else lies in the folder is not for callers. */
const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.md': 'text/markdown; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
}

/** The names on the way, or nothing when one of them is no plain name. */
function stepsOf(path: string): string[] | undefined {
  try {
    const steps = decodeURIComponent(path).split('/')
    return steps.some(step => !/^[^.\\\p{C}][^\\\p{C}]*$/u.test(step)) ? undefined : steps
  } catch {
    return undefined
  }
}

async function within(folder: string, steps: readonly string[]): Promise<string | undefined> {
  try {
    const [top, file] = await Promise.all([realpath(folder), realpath(join(folder, ...steps))])
    return file.startsWith(top + sep) ? file : undefined
  } catch {
    return undefined
  }
}

async function read(file: string, accepted: string) {
  for (const [encoding, ending] of [
    ['br', '.br'],
    ['gzip', '.gz'],
  ] as const) {
    if (!takes(accepted, encoding)) continue
    const bytes = await readFile(file + ending).catch(() => undefined)
    if (bytes) return { bytes, encoding }
  }
  const bytes = await readFile(file).catch(() => undefined)
  return bytes && { bytes, encoding: undefined }
}

/** RFC 9110 §12.5.3, as far as callers use it. */
function takes(accepted: string, encoding: string): boolean {
  return accepted.split(',').some(each => {
    const [name = '', weight = ''] = each
      .trim()
      .toLowerCase()
      .split(/\s*;\s*/)
    return name === encoding && !/^q=0(\.0*)?$/.test(weight)
  })
}

/** RFC 9110 §13.1.2: compared weakly. */
function isKnown(header: string | null, etag: string): boolean {
  return header?.split(',').some(each => each.trim().replace(/^W\//, '') === etag) ?? false
}
