import { createPrivateKey } from 'node:crypto'
import { config } from '../../config.ts'
import { CommandQueues } from '../../gateways/command-queues.ts'
import { secrets } from '../../secrets.ts'
import { KeyStore } from '../../stores/keys.ts'
import { PresenceStore } from '../../stores/presence.ts'
import { SiteDirectory } from '../../stores/site-directory.ts'
import { SiteStore } from '../../stores/sites.ts'
import { documentClient } from '../../stores/table.ts'

/** Creates the dependencies of the handler, once per cold start. */
export function createDependencies() {
  const env = config('TABLE_LIVE', 'TABLE_ACCESS', 'STAGE')
  const db = documentClient()
  const presence = new PresenceStore(db, env.TABLE_LIVE)
  const sites = new SiteStore(db, env.TABLE_LIVE)
  const phones = { endpoints: presence.endpoints.bind(presence), health: sites.health.bind(sites) }
  const shared = {
    phones,
    directory: new SiteDirectory(db, env.TABLE_ACCESS),
    keys: new KeyStore(db, env.TABLE_ACCESS),
    commands: new CommandQueues(env.STAGE),
    clock: Date.now,
  }
  const forRequest = async (now: number) => ({
    ...shared,
    now,
    signingKey: createPrivateKey((await secrets()).signingKey),
  })
  return { phones, forRequest }
}
