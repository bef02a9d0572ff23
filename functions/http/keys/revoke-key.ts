import type { KeyInfo } from '../../../contracts/key.ts'
import type { SiteId } from '../../../contracts/names.ts'
import type { Admin, SiteKey } from '../../caller.ts'
import type { KeyRow } from '../../stores/keys.ts'
import type { FreezeReader } from '../frozen.ts'
import { readGiver } from './giver.ts'
import { keyUnknown, toKeyInfo } from './key-info.ts'

export interface KeyRevoker {
  find(prefix: string): Promise<KeyRow | undefined>
  revoke(site: SiteId, prefix: string, now: number): Promise<boolean>
}
export interface KeySockets {
  ofKey(site: SiteId, keyId: string): Promise<string[]>
  close(connectionId: string, site: SiteId): Promise<void>
}
export interface SocketCloser {
  close(connectionId: string): Promise<void>
}

interface RevokeKeyDependencies {
  caller: SiteKey | Admin
  site: SiteId
  keys: KeyRevoker
  freezes: FreezeReader
  connections: KeySockets
  sockets: SocketCloser
  now: number
}

/**
 * Revokes a key or board token and closes its sockets. The row is written before the sockets are searched, and a new socket is
 * written before it checks its key, so whichever comes second finds the other. A frozen key revokes itself only.
 */
export async function revokeKey(
  prefix: string,
  { caller, site, keys, freezes, connections, sockets, now }: RevokeKeyDependencies,
): Promise<KeyInfo> {
  const isOwn = caller.kind === 'key' && caller.keyId === prefix
  if (!isOwn) await readGiver({ caller, site, keys, freezes, now })
  if (!(await keys.revoke(site, prefix, now))) throw keyUnknown()
  for (const id of await connections.ofKey(site, prefix)) {
    await connections.close(id, site)
    await sockets.close(id)
  }
  const row = await keys.find(prefix)
  if (!row) throw keyUnknown()
  return toKeyInfo(prefix, row)
}
