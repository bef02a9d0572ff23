import { createHash, createPublicKey, type KeyObject } from 'node:crypto'
import type { SiteCreated, SiteRequest } from '../../../contracts/http.ts'
import type { SiteId } from '../../../contracts/names.ts'
import { hashSecret, makeApiKey } from '../../domain/api-key.ts'
import { allScopes } from '../../domain/scopes.ts'
import { deploymentPublicKey, type Secrets } from '../../secrets.ts'
import type { AccessStore } from '../../stores/access.ts'
import { badFields, HttpProblem } from '../problem.ts'

export interface SiteMaking {
  access: AccessStore
  sites: { create(site: SiteId, name: string): Promise<void> }
  commandQueues: { create(site: SiteId): Promise<string> }
  secrets: Secrets
  queues: { live: string; records: string }
  now: () => number
}

/**
 * Makes a site with its command queue, its first API key and its bridge. The row that says the site exists is written
 * last: a crash before it leaves only what a second try makes again or nobody knows the secret of.
 */
export async function createSite(request: SiteRequest, making: SiteMaking): Promise<SiteCreated> {
  const { site, name } = request
  const { access, secrets } = making
  const bridgeKey = ed25519Key(request.bridgePublicKey)
  if (await access.siteExists(site)) throw siteExists(site)
  const commands = await making.commandQueues.create(site)
  await making.sites.create(site, name)
  const keyId = bridgeKeyId(bridgeKey)
  await access.putBridgeKey(site, keyId, request.bridgePublicKey)
  const apiKey = makeApiKey()
  const hash = hashSecret(apiKey.secret, secrets.pepper)
  await access.putKey(apiKey.prefix, { site, hash, scopes: [...allScopes] })
  const createdAt = new Date(making.now()).toISOString()
  if (!(await access.createSite(site, { name, createdAt, commandQueue: commands }))) {
    await access.deleteKey(site, apiKey.prefix)
    throw siteExists(site)
  }
  const bridge = { keyId, deploymentPublicKey: deploymentPublicKey(secrets), queues: { ...making.queues, commands } }
  return { site, name, apiKey: apiKey.text, bridge }
}

function siteExists(site: SiteId): HttpProblem {
  return new HttpProblem(409, 'site-exists', `The site ${site} exists already; choose another name.`)
}

function ed25519Key(pem: string): KeyObject {
  const wrong = badFields([{ field: 'bridgePublicKey', message: 'an Ed25519 public key, SPKI in PEM' }])
  let key: KeyObject
  try {
    key = createPublicKey(pem)
  } catch {
    throw wrong
  }
  if (key.asymmetricKeyType !== 'ed25519') throw wrong
  return key
}

/** Short name of a bridge's key: the start of its fingerprint. */
export function bridgeKeyId(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex')
    .slice(0, 16)
}
