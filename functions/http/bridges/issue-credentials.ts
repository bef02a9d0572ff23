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

/** A bridge's clock may be off by this; one that is more corrects itself by the answer's Date. */
const clockMsMax = 300_000

/** Nobody signs with it: verified by where there is no bridge, so that time does not tell which bridges there are. */
const nobody = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' })

/** A session of an hour for a bridge that signs its request. Each request opens one session: its time must be the newest. */
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
    publicKey ?? createPublicKey(nobody),
    Buffer.from(signature, 'base64'),
  )
  if (!publicKey || !isSigned) {
    throw new HttpProblemError(401, 'bridge-unknown', 'No bridge is enrolled that signs so; enrol it again.')
  }
  if (!(Math.abs(time - dependencies.now) <= clockMsMax)) {
    throw new HttpProblemError(
      403,
      'time-off',
      'The time of the request is over five minutes off; take the Date of this answer.',
    )
  }
  const row = await dependencies.sites.find(site)
  if (!row?.commandQueue || !(await dependencies.bridges.recordCredentialRequest(site, key, time))) {
    throw new HttpProblemError(409, 'time-not-newest', 'This request was answered already; ask with the present time.')
  }
  const { number, url } = row.commandQueue
  const session = await dependencies.sessions.session({ site, queue: `${site}-${number}` }, `${site}-${key}`)
  return { ...session, region: dependencies.region, queues: { ...dependencies.queues, commands: url } }
}
