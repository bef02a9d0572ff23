import type { Scope } from '../../contracts/scopes.ts'
import { identifySecret } from '../../functions/authorize/identify.ts'
import type { SiteKey } from '../../functions/caller.ts'
import { hashSecret, makeApiKey } from '../../functions/domain/api-key.ts'
import { readGiver } from '../../functions/http/keys/giver.ts'
import type { KeyRow } from '../../functions/stores/keys.ts'

/** When the test happens, Unix milliseconds. */
export const now = Date.UTC(2026, 10, 24)
export const pepper = 'pepper'
export const site = 'office'

/** The keys of one site in memory, as the use cases that give rights read and write them. */
export class MemoryKeys {
  readonly rows = new Map<string, KeyRow>()
  readonly frozen = new Set<string>()
  readonly find = async (prefix: string) => this.rows.get(prefix)
  readonly touch = async () => undefined
  async put(prefix: string, row: KeyRow): Promise<void> {
    this.rows.set(prefix, row)
  }
  async rotate(prefix: string, seen: KeyRow, next: Pick<KeyRow, 'hash' | 'older'>): Promise<boolean> {
    this.rows.set(prefix, { ...seen, ...next })
    return true
  }
  async revoke(_site: string, prefix: string, at: number): Promise<boolean> {
    const row = this.rows.get(prefix)
    if (row) this.rows.set(prefix, { ...row, revokedAt: at })
    return row !== undefined
  }
  readonly freezes = {
    isFrozen: async (_site: string, keyId: string) => this.frozen.has(keyId),
    frozenKeys: async () => new Map<string, number>(),
    thaw: async (_site: string, keyId: string) => void this.frozen.delete(keyId),
  }

  /** Adds a key and returns its secret. */
  add(scopes: readonly Scope[], more: Partial<KeyRow> = {}): string {
    const { prefix, secret, text } = makeApiKey()
    const hash = hashSecret(secret, pepper)
    const named = { site, kind: 'key' as const, name: 'test', createdAt: now, createdBy: 'admin' }
    this.rows.set(prefix, { ...named, hash, older: [], scopes: [...scopes], ...more })
    return text
  }

  async callerOf(text: string): Promise<SiteKey> {
    const kind = text.startsWith('shb') ? 'board' : 'key'
    const caller = await identifySecret(text, kind, pepper, this, now)
    if (caller.kind !== 'key') throw new Error('the test has a key that is not valid')
    return caller
  }

  async giverDependencies(text: string) {
    const found = { caller: await this.callerOf(text), site, keys: this, freezes: this.freezes, now }
    return { site, keys: this, freezes: this.freezes, pepper, now, giver: await readGiver(found) }
  }

  rowOf(text: string): KeyRow {
    const row = this.rows.get(text.split('_')[1] ?? '')
    if (!row) throw new Error('the test names an unknown key')
    return row
  }
}

/** The prefix by which a key is stored. */
export const prefixOf = (text: string) => text.split('_')[1] ?? ''
