import * as v from 'valibot'
import { type Api, ApiError, createApi } from '../../client/http-client.ts'
import type { KeyRequest } from '../../contracts/key.ts'
import { bridgeRoutes } from '../../contracts/routes/bridges.ts'
import { keyRoutes } from '../../contracts/routes/keys.ts'
import { siteRoutes } from '../../contracts/routes/sites.ts'
import { StartError } from './start-error.ts'

/** What a start stores of its site. */
export const MadeSite = v.looseObject({
  site: v.string(),
  pageKey: v.string(),
  /** The voice menus look marks up with this key. A site that an earlier version made has none. */
  menuKey: v.optional(v.string()),
})
export type MadeSite = v.InferOutput<typeof MadeSite>
/** A site that was just made. `apiKey` is its first key, with every scope. */
export type NewSite = MadeSite & { apiKey: string }

interface WantedSite {
  site: string
  name: string
  /** Numbers that calls may go to besides the phones, such as groups and menus. */
  extensions?: readonly string[]
}
interface AdminAccess {
  httpUrl: string
  adminKey: string
}

/**
 * Makes the site over the public API with the admin key, as a person would who deploys. The person sees its first key, which has
 * every scope and is stored nowhere. The page, whose every part should work here, and the voice menus get keys of their own. If the
 * site exists already, an earlier start made it and was killed before it stored the keys, so this one makes new keys.
 */
export async function makeSite({ site, ...about }: WantedSite, access: AdminAccess): Promise<NewSite> {
  const apiKey = await firstKey({ site, ...about }, access)
  const api = createApi({ apiUrl: access.httpUrl, key: apiKey, site }, keyRoutes)
  const pageKey = await newKey(api, { name: 'page', role: 'admin' })
  const menuKey = await newKey(api, { name: 'voice menus', scopes: ['grades:lookup'] })
  return { site, apiKey, pageKey, menuKey }
}

async function firstKey({ site, name, extensions = [] }: WantedSite, access: AdminAccess): Promise<string> {
  const options = { apiUrl: access.httpUrl, key: access.adminKey }
  try {
    const { body } = await createApi(options, siteRoutes)('POST /v1/sites', {
      body: { site, name, settings: { outsidePrefix: '0', extensions: [...extensions] } },
    })
    return body.apiKey
  } catch (error) {
    const isThere = error instanceof ApiError && error.status === 409
    if (!isThere) throw failed(`The site ${site} could not be made`, error)
  }
  return newKey(createApi({ ...options, site }, keyRoutes), { name: 'first key', role: 'admin' })
}

async function newKey(api: Api<typeof keyRoutes, 'site'>, body: KeyRequest): Promise<string> {
  try {
    return (await api('POST /v1/sites/{site}/keys', { body })).body.secret
  } catch (error) {
    throw failed(`The key "${body.name}" could not be made`, error)
  }
}

/** Returns a code that enrols one bridge of the site within the hour. */
export async function newCode(site: string, { httpUrl, adminKey }: AdminAccess): Promise<string> {
  const api = createApi({ apiUrl: httpUrl, key: adminKey, site }, bridgeRoutes)
  try {
    return (await api('POST /v1/sites/{site}/bridges')).body.code
  } catch (error) {
    throw failed('The bridge got no enrolment code', error)
  }
}

function failed(what: string, cause: unknown): StartError {
  const detail = cause instanceof Error ? cause.message : String(cause)
  return new StartError('site-not-made', `${what}: ${detail}`, 69, { cause })
}
