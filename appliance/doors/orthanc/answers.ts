import { type Json, styled } from './json.ts'

/** The answers Orthanc gives when all is well; each with a body says what it is, and means it. */

const typed = (type: string) => ({ 'Content-Type': type, 'X-Content-Type-Options': 'nosniff' })

export const jsonHeaders = typed('application/json; charset=utf-8')

export function json(value: Json): Response {
  // All of it is ASCII, which goes out faster as bytes than as text.
  return new Response(Buffer.from(styled(value), 'latin1'), { headers: jsonHeaders })
}

export function text(value: string, headers: Record<string, string> = {}): Response {
  return new Response(value, { headers: { ...typed('text/plain'), ...headers } })
}

/** Done, and nothing to say about it: 200, never 204. */
export function done(): Response {
  return text('')
}

/** Done, as the routes say it whose answers are otherwise JSON. */
export function doneAsJson(headers: Record<string, string> = {}): Response {
  return new Response('{}', { headers: { ...typed('application/json'), ...headers } })
}

/** A status without a word, whose length is told: it is over at once. */
export function wordless(status: number, headers: Record<string, string> = {}): Response {
  return new Response(null, { status, headers: { 'Content-Length': '0', ...headers } })
}

/** How Orthanc says of a resource itself that it is not there: 404 without a body. */
export const missing = (): Response => wordless(404)

/** May not be written, whoever asks. */
export const forbidden = (): Response => wordless(403)

/**
 * Headers of a download; the name is for the caller's disk. One with letters beyond ASCII is given a
 * second time, as RFC 6266 wants it; who does not understand that takes the first.
 */
export function download(type: string, name: string, length?: number): Record<string, string> {
  const harmless = name.replace(/[\p{Cc}"\\/]/gu, '_').toWellFormed()
  const plain = harmless.replace(/[^ -~]/gu, '_')
  const exact = plain === harmless ? '' : `; filename*=UTF-8''${percentEncoded(harmless)}`
  return {
    ...typed(type),
    'Content-Disposition': `filename="${plain}"${exact}`,
    ...(length !== undefined && { 'Content-Length': String(length) }),
  }
}

/** RFC 8187 §3.2.1. */
const percentEncoded = (text: string) =>
  encodeURIComponent(text).replace(/['()*]/g, c => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
