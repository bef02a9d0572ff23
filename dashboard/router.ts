import { useEffect, useReducer } from 'preact/hooks'

/** Pages with an address of their own, `/board`, in the order of the menu. */
export const pageNames = [
  'board',
  'calls',
  'stats',
  'extensions',
  'system',
  'webhooks',
  'settings',
  'marks',
  'wall',
] as const
export type PageName = (typeof pageNames)[number]

/** Where the page is: `/calls/1.42?result=busy` is the page `calls` with the item `1.42`. */
export interface Route {
  page: PageName
  /** The rest of the path: an extension, a call, a section. */
  item: string | undefined
  query: URLSearchParams
}

/** Returns the page of an address; an unknown path is the board. */
export function routeOf({ pathname, search }: Pick<URL, 'pathname' | 'search'>): Route {
  const [first, ...rest] = pathname.split('/').filter(Boolean)
  const page = pageNames.find((name) => name === first)
  const item = page && rest.length > 0 ? decoded(rest.join('/')) : undefined
  return { page: page ?? 'board', item, query: new URLSearchParams(search) }
}

/** A path that is not well formed, such as `%`, stays as it is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Returns the address of a page. Empty values of the query are left out. */
export function addressOf(page: PageName, item?: string, query: URLSearchParams | Record<string, string> = {}): string {
  const entries = query instanceof URLSearchParams ? [...query] : Object.entries(query)
  const text = new URLSearchParams(entries.filter(([, value]) => value !== '')).toString()
  return `/${page}${item === undefined ? '' : `/${encodeURIComponent(item)}`}${text && `?${text}`}`
}

const moved = 'switchhook:moved'

/** Goes to an address of the page. With `replace`, the Back button skips the address that is left. */
export function navigate(address: string, { replace = false } = {}): void {
  if (replace) history.replaceState(null, '', address)
  else if (address !== location.pathname + location.search) history.pushState(null, '', address)
  dispatchEvent(new Event(moved))
}

/** Changes some values of the query and keeps the page, its item and the other values. */
export function changeQuery(values: Readonly<Record<string, string>>, options?: { replace?: boolean }): void {
  const { page, item, query } = routeOf(location)
  for (const [name, value] of Object.entries(values)) query.set(name, value)
  navigate(addressOf(page, item, query), options)
}

/** Returns the route, and draws the component again when it changes. */
export function useRoute(): Route {
  const [, redraw] = useReducer((count: number, _: Event) => count + 1, 0)
  useEffect(() => {
    addEventListener('popstate', redraw)
    addEventListener(moved, redraw)
    return () => {
      removeEventListener('popstate', redraw)
      removeEventListener(moved, redraw)
    }
  }, [])
  return routeOf(location)
}

/** Follows a click on a link of the page without a reload. A click with a modifier key opens a new tab, as always. */
export function followLinks(event: MouseEvent): void {
  if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
  const link = event.target instanceof Element ? event.target.closest('a[href^="/"]') : null
  if (!(link instanceof HTMLAnchorElement) || link.target === '_blank' || event.defaultPrevented) return
  event.preventDefault()
  navigate(link.pathname + link.search)
}
