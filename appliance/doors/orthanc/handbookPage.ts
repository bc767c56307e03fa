/** Text to stand in HTML. */
export const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, each => `&#${each.charCodeAt(0)};`)

/** Browsers load and run nothing but what the page itself holds. */
export const handbookHeaders = {
  'Content-Type': 'text/html; charset=utf-8',
  'Content-Security-Policy':
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
} as const

/** The whole page; `contents` and `chapters` are HTML already. */
export function pageOf(page: {
  title: string
  version: string
  contents: string
  chapters: string
}): string {
  const title = escaped(page.title)
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
<header>
<h1>${title}</h1>
<p>Every route that this box serves, with what it takes and what it answers. Outside <code>/api</code> it speaks Orthanc’s REST API, ${escaped(page.version)}. For programs: <a href="openapi.json">openapi.json</a>.</p>
<input id="find" type="search" placeholder="Find a route, such as “labels”" aria-label="Find a route">
</header>
<nav aria-label="Contents"><ul>
${page.contents}
</ul></nav>
<main>
${page.chapters}
<p id="none" hidden>No route has these words.</p>
</main>
<script>${script}</script>
</body>
</html>
`
}

const style = `
:root { color-scheme: light dark; --line: light-dark(#d8dde3, #3a4149); --quiet: light-dark(#59636e, #9aa5b1);
  --paper: light-dark(#ffffff, #14181c); --shade: light-dark(#f4f6f8, #1c2228); --ink: light-dark(#1b2127, #e4e8ec); }
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body { margin: 0 auto; max-width: 72rem; padding: 1.5rem 1rem 4rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; display: grid; grid-template-columns: 11rem minmax(0, 1fr); gap: 0 2rem; }
header { grid-column: 1 / -1; }
h1 { margin: 0; font-size: 1.75rem; }
h2 { margin: 2rem 0 .5rem; font-size: 1.2rem; }
section:first-child h2 { margin-top: 0; }
h3 { margin: 1rem 0 .25rem; font-size: .9rem; color: var(--quiet); font-weight: 600; }
a { color: light-dark(#0a58b8, #7fb6ff); }
code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere; }
i, small { color: var(--quiet); font-size: .9em; }
input { width: 100%; padding: .6rem .75rem; margin: .25rem 0 1.5rem; font: inherit; color: inherit;
  background: var(--shade); border: 1px solid var(--line); border-radius: .5rem; }
nav { position: sticky; top: 1rem; align-self: start; max-height: 95vh; overflow: auto; }
nav ul { list-style: none; margin: 0; padding: 0; }
nav a { display: inline-block; padding: .15rem 0; text-decoration: none; }
details { border: 1px solid var(--line); border-radius: .5rem; margin: .4rem 0; overflow: hidden; }
summary { padding: .5rem .75rem; cursor: pointer; background: var(--shade); overflow-wrap: anywhere; }
summary b { display: inline-block; min-width: 3.6rem; font: 700 .75rem/1.6 ui-monospace, monospace; text-transform: uppercase; }
.get { color: light-dark(#12662f, #7ddc9b); } .post { color: light-dark(#0a4c9e, #85b8ff); }
.put { color: light-dark(#8a5200, #f2b866); } .delete { color: light-dark(#a01c1c, #ff9b94); }
summary span { color: var(--quiet); margin-left: .5rem; }
details > div { padding: 0 1rem 1rem; }
div ul { margin: 0; padding-left: 1.1rem; } div p { margin: .5rem 0 .25rem; }
@media (max-width: 44rem) {
  body { display: block; padding: 1rem .75rem 3rem; }
  nav { position: static; margin-bottom: 1rem; }
  nav ul { display: flex; flex-wrap: wrap; gap: .25rem .9rem; }
  nav a { padding: .4rem 0; }
  summary span { display: block; margin: 0; }
}
@media print { nav, input { display: none; } body { display: block; } }
`

const script = `
const find = document.getElementById('find'), all = [...document.querySelectorAll('details')]
const texts = all.map(each => each.querySelector('summary').textContent.toLowerCase())
find.addEventListener('input', () => {
  const words = find.value.toLowerCase().split(/\\s+/).filter(Boolean)
  all.forEach((each, i) => { each.hidden = !words.every(word => texts[i].includes(word)) })
  for (const each of document.querySelectorAll('section')) each.hidden = !each.querySelector('details:not([hidden])')
  document.getElementById('none').hidden = all.some(each => !each.hidden)
})
const open = () => {
  const named = document.getElementById(decodeURIComponent(location.hash.slice(1)))
  if (named && named.tagName === 'DETAILS') named.open = true
}
addEventListener('hashchange', open)
open()
`
