import type { SiteId } from '../../contracts/names.ts'
import { type DataKeys, open, seal } from '../domain/webhooks/vault.ts'
import type { Item } from './table.ts'

/** What is never stored in plain: secrets of the receiver, and what holds or would confirm one. */
const secretFields = ['url', 'headers', 'secret', 'signingKey', 'older', 'request'] as const
const isSecret = (name: string) => secretFields.some((one) => one === name)

/** Returns the item of a webhook with its secret fields in one sealed text. */
export function sealedItem(site: SiteId, item: Item, keys: DataKeys): Item {
  const entries = Object.entries(item).filter(([name]) => name !== 'sealed')
  const plain = entries.filter(([name]) => !isSecret(name))
  const secret = entries.filter(([name]) => isSecret(name))
  const text = JSON.stringify(Object.fromEntries(secret))
  return { ...Object.fromEntries(plain), sealed: seal(text, ownerOf(site, item), keys) }
}

/** Returns an item with its secret fields. One that was stored in plain, by an earlier version, is returned as it is. @throws SealError */
export function openedItem(site: SiteId, item: Item, keys: DataKeys): Item {
  const { sealed, ...plain } = item
  if (typeof sealed !== 'string') return item
  const entries = Object.entries(plain).filter(([name]) => !isSecret(name))
  return { ...Object.fromEntries(entries), ...JSON.parse(open(sealed, ownerOf(site, item), keys)) }
}

/** Bound to the key of the row, so that nobody can move the secret of one webhook into another, which sends to its own address. */
function ownerOf(site: SiteId, item: Item): string[] {
  return ['webhook', site, String(item['id'])]
}
