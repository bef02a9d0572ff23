import { createPublicKey, generateKeyPairSync, type KeyObject, verify } from 'node:crypto'
import { type BridgeSession, type CredentialsRequest, credentialsText } from '../../../contracts/bridge-access.ts'
import type { SiteId } from '../../../contracts/names.ts'
import type { SiteFinder } from '../existing-site.ts'
import { HttpProblemError } from '../problem.ts'

export interface SessionMaker {
  session(tags: { site: SiteId; queue: string }, name: string): Promise<SessionCredentials>
}
export type SessionCredentials = Pick<BridgeSession, 'accessKeyId' | 'secretAccessKey' | 'sessionToken' | 'expiration'>

export interface IssueCredentialsDependencies {
  sites: SiteFinder
  bridges: {
    bridgeKey(site: SiteId, key: string): Promise<KeyObject | undefined>
    recordCredentialRequest(site: SiteId, key: string, time: number): Promise<boolean>
  }
  sessions: SessionMaker
  queues: { live: string; records: string }
  region: string
  now: number
}

/** How far a bridge's clock may be off. A bridge that is further off corrects itself by the Date header of the answer. */
const clockMsMax = 300_000

/** A key that signs nothing. It verifies requests of unknown bridges, so that timing does not reveal which bridges exist. */
const unusedKey = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' })

/**
 * Returns AWS credentials of one hour for a bridge that signs its request. Each request must have a later time than the one
 * before, so that a recorded request cannot be replayed.
 */
export async function issueCredentials(
  request: CredentialsRequest,
  dependencies: IssueCredentialsDependencies,
): Promise<BridgeSession> {
  const { site, key, signature } = request
  const time = Date.parse(request.time)
  const publicKey = await dependencies.bridges.bridgeKey(site, key)
  const isSigned = verify(
    null,
    credentialsText(request),
    publicKey ?? createPublicKey(unusedKey),
    Buffer.from(signature, 'base64'),
  )
  if (!publicKey || !isSigned) {
    throw new HttpProblemError(
      401,
      'bridge-unknown',
      'No enrolled bridge of this site has this key and signature. Enrol the bridge again.',
    )
  }
  if (!(Math.abs(time - dependencies.now) <= clockMsMax)) {
    throw new HttpProblemError(
      403,
      'time-off',
      'The time of the request is more than five minutes off. Use the Date header of this answer.',
    )
  }
  const row = await dependencies.sites.find(site)
  if (!row?.commandQueue || !(await dependencies.bridges.recordCredentialRequest(site, key, time))) {
    throw new HttpProblemError(
      409,
      'time-not-newest',
      'A request with this time or a later one was answered already. Send one with the present time.',
    )
  }
  const { number, url } = row.commandQueue
  const session = await dependencies.sessions.session({ site, queue: `${site}-${number}` }, `${site}-${key}`)
  return { ...session, region: dependencies.region, queues: { ...dependencies.queues, commands: url } }
}
