import type { SiteId } from '../../contracts/names.ts'

export interface FreezeReader {
  isFrozen(site: SiteId, keyId: string): Promise<boolean>
}

/** Whether a key is frozen: it reached a cap of its own, or its account did, the capped key against which it counts. */
export async function isKeyFrozen(
  freezes: FreezeReader,
  site: SiteId,
  keyId: string,
  account: string,
): Promise<boolean> {
  return (await freezes.isFrozen(site, account)) || (keyId !== account && (await freezes.isFrozen(site, keyId)))
}
