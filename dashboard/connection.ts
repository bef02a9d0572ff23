/** Where the board gets its facts: given once in the address, then kept by the tab. */
export interface Connection {
  apiUrl: string
  site: string
  key: string
  isReplay: boolean
}

const stored = 'switchhook.connection'

/** The address of something of the API, below `/v1/`. */
export function apiAddress({ apiUrl }: Pick<Connection, 'apiUrl'>, path: string): string {
  return `${apiUrl.replace(/\/+$/, '')}/v1/${path}`
}

/** Of something of its site. */
export function siteAddress({ apiUrl, site }: Pick<Connection, 'apiUrl' | 'site'>, path: string): string {
  return apiAddress({ apiUrl }, `sites/${encodeURIComponent(site)}/${path}`)
}

/** What is wrong with what was typed, if anything. */
export function refuse({ apiUrl, site, key }: Omit<Connection, 'isReplay'>): 'missing' | 'badUrl' | undefined {
  if (!apiUrl || !site || !key) return 'missing'
  return URL.canParse(apiUrl) && /^https?:\/\//i.test(apiUrl) ? undefined : 'badUrl'
}

export function parseConnection(text: string): Connection | undefined {
  const fields = new URLSearchParams(text)
  const field = (name: string) => fields.get(name)?.trim() ?? ''
  const typed = { apiUrl: field('api'), site: field('site'), key: field('key') }
  return refuse(typed) ? undefined : { ...typed, isReplay: field('mode') === 'replay' }
}

export function formatConnection({ apiUrl, site, key, isReplay }: Connection): string {
  return new URLSearchParams({ api: apiUrl, site, key, ...(isReplay && { mode: 'replay' }) }).toString()
}

export function keepConnection(connection: Connection): void {
  sessionStorage.setItem(stored, formatConnection(connection))
}

export function forgetConnection(): void {
  sessionStorage.removeItem(stored)
}

/** The fragment never leaves the browser, and the key is taken off the address bar before anyone reads it there. */
export function takeConnection(): Connection | undefined {
  const given = parseConnection(location.hash.slice(1))
  if (!given) return parseConnection(sessionStorage.getItem(stored) ?? '')
  keepConnection(given)
  history.replaceState(null, '', location.pathname + location.search)
  return given
}
