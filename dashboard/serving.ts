/**
 * How the page is served: one list for the local server, for the policy within `index.html`, and for a CDN in front of it. The
 * page takes scripts and styles from its own origin only, and no other text becomes a script (Trusted Types). API and WebSocket may be
 * anywhere, since a person types their address.
 */
export const contentPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  'connect-src http: https: ws: wss:',
  // The client's timers, which run in time while the page is hidden, are its only worker and its only script from a text.
  'worker-src blob:',
  "base-uri 'none'",
  "form-action 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types switchhook-timers',
].join('; ')

/** A page that shows calls and can end them must not be framed by another one; only a header can say so (CSP level 3). */
export const pageHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': `${contentPolicy}; frame-ancestors 'none'`,
  'x-frame-options': 'DENY',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
}

/** Names of built files contain a hash of their content, so they may be kept for ever; `index.html` names the newest ones. */
export function cacheControl(path: string): string {
  return /-[0-9A-Z]{8}\.(js|css)$/.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache'
}

/** Returns the file of an address: the pages' own addresses, such as `/calls/1.42`, are all served by `index.html`. */
export function fileOf(pathname: string, isFile: (path: string) => boolean): string | undefined {
  if (isFile(pathname)) return pathname
  const isPage = /^\/($|(board|calls|stats|extensions|system|webhooks|settings|marks|wall)(\/|$))/.test(pathname)
  return isPage ? '/index.html' : undefined
}
