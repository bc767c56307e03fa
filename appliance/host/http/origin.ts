const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Whether a page of another site had its visitor's browser send this request, which may change
 * something. Only browsers say where a request comes from (Fetch §3.1, Sec-Fetch-Site): scripts,
 * DICOMweb clients and viewers beside us say nothing, and pass. What another site may read is for the
 * browser to forbid, since no answer of ours allows it (no Access-Control-Allow-Origin).
 */
export function isFromAnotherSite(request: Request, trusted: readonly string[]): boolean {
  const { method, url, headers } = request
  // A GET can name another method beside, so that an image's address would do for a DELETE.
  if (safeMethods.has(method) && !/[?&]_method=/.test(url)) return false
  const site = headers.get('sec-fetch-site')
  // 'none': typed into the address bar, or a bookmark.
  if (site === 'same-origin' || site === 'none') return false
  const origin = headers.get('origin')
  if (origin === null) return site !== null
  return !trusted.includes(origin) && hostOf(origin) !== headers.get('host')
}

/** 'null', as sandboxed pages and files say, has none. */
function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined
}
