import { Hono } from 'hono'
import { filesOf } from '../../host/http/http.ts'

/**
 * Our web UI below `/ui/`: built files, from nowhere else. Where it was not built the page says how;
 * everything else of the box works without it. The pages may run, show and ask only what comes from
 * this box, and stand in no frame of others.
 */
export function pageRoutes({ pages }: { pages: string }): Hono {
  const answer = filesOf(pages, { forever: path => path.startsWith('assets/'), headers })
  return new Hono()
    .all('/ui', () => new Response(null, { status: 301, headers: { Location: 'ui/' } }))
    .all('/ui/*', async context => {
      const { method } = context.req
      if (method !== 'GET' && method !== 'HEAD') {
        return new Response(null, { status: 405, headers: { Allow: 'GET, HEAD' } })
      }
      const path = pathOf(context.req.url)
      const found = await answer(path === '' ? 'index.html' : path, context.req.raw)
      if (found) return found
      return path === '' || path === 'index.html' ? notBuilt() : notThere()
    })
}

const pathOf = (url: string) => url.slice(url.indexOf('/ui/') + 4).replace(/[?#].*$/s, '')

const headers = {
  'Content-Security-Policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'X-Frame-Options': 'DENY',
}

const page = (status: number, title: string, text: string) =>
  new Response(
    `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title><h1>${title}</h1><p>${text}</p></html>`,
    {
      status,
      headers: {
        ...headers,
        'Content-Type': 'text/html; charset=utf-8',
        'Cache-Control': 'no-store',
      },
    },
  )

const notBuilt = () =>
  page(
    503,
    'The pages are not built',
    'The box itself works: it receives, keeps and relays, and answers under <a href="../api/handbook">/api/handbook</a>. To build the pages, run <code>npm run build</code> in its folder (once, with a network if its packages are not installed), then load this page again; a restart is not needed.',
  )

const notThere = () =>
  page(404, 'No such page', 'Go to <a href="./">the overview</a> and take it from there.')
