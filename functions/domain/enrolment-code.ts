import { randomBytes } from 'node:crypto'
import { sha256 } from './api-key.ts'

/**
 * A code that enrols one bridge: `she_SITE_SECRET`. Its site and its hash are the key of its row. The key id of the bridge is
 * the start of that hash, so the row of the code becomes the row of the bridge. The secret has 192 random bits; only its
 * hash is stored.
 */
export interface EnrolmentCode {
  text: string
  site: string
  /** Key id of the bridge that it enrols. */
  key: string
  hash: string
}

const form = /^she_([a-z][a-z0-9-]{1,30}[a-z0-9])_[0-9A-Za-z_-]{32}$/

export function makeEnrolmentCode(site: string): EnrolmentCode {
  const text = `she_${site}_${randomBytes(24).toString('base64url')}`
  const hash = sha256(text)
  return { text, site, key: hash.slice(0, 16), hash }
}

export function parseEnrolmentCode(text: string): EnrolmentCode | undefined {
  const site = form.exec(text)?.[1]
  if (site === undefined) return undefined
  const hash = sha256(text)
  return { text, site, key: hash.slice(0, 16), hash }
}
