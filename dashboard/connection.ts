/** The site that the page shows. It is given once in the address of the page, then kept by the browser tab. */
export interface Connection {
  apiUrl: string
  site: string
  key: string
  /** The events come from a recording. */
  isReplay: boolean
}

const stored = 'switchhook.connection'

/** Whether the page is a wall board, which shows presence without numbers and names: its token opens nothing else. */
export function isWallBoard({ key }: Connection): boolean {
  return key.startsWith('shb_')
}

/** Returns what is wrong with the typed values, or undefined. */
export function faultOf({ apiUrl, site, key }: Omit<Connection, 'isReplay'>): 'missing' | 'badUrl' | undefined {
  if (!apiUrl || !site || !key) return 'missing'
  return URL.canParse(apiUrl) && /^https?:\/\//i.test(apiUrl) ? undefined : 'badUrl'
}

export function parseConnection(text: string): Connection | undefined {
  const fields = new URLSearchParams(text)
  const field = (name: string) => fields.get(name)?.trim() ?? ''
  const typed = { apiUrl: field('api'), site: field('site'), key: field('key') }
  return faultOf(typed) ? undefined : { ...typed, isReplay: field('mode') === 'replay' }
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

/**
 * Reads the connection from the fragment of the address, or else from the tab's storage. Removes the fragment, so that
 * nobody reads the key in the address bar. Browsers never send a fragment to a server.
 */
export function takeConnection(): Connection | undefined {
  const given = parseConnection(location.hash.slice(1))
  if (!given) return parseConnection(sessionStorage.getItem(stored) ?? '')
  keepConnection(given)
  history.replaceState(null, '', location.pathname + location.search)
  return given
}
