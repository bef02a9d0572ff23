import { createPublicKey } from 'node:crypto'
import type { Enrolled, EnrolmentRequest } from '../../../contracts/bridge-access.ts'
import type { SiteId } from '../../../contracts/names.ts'
import { parseEnrolmentCode } from '../../domain/enrolment-code.ts'
import type { SiteFinder } from '../existing-site.ts'
import { badFields, HttpProblemError } from '../problem.ts'

export interface EnrolBridgeDependencies {
  sites: SiteFinder
  bridges: { enrol(site: SiteId, key: string, codeHash: string, publicKey: string, now: number): Promise<boolean> }
  queues: { live: string; records: string }
  region: string
  deploymentPublicKey: string
  now: number
}

const noHash = '-'

/** Registers a bridge's public key by a code. The same bridge may ask again, should the first answer be lost. */
export async function enrolBridge(
  { code, publicKey }: EnrolmentRequest,
  dependencies: EnrolBridgeDependencies,
): Promise<Enrolled> {
  const spki = ed25519Pem(publicKey)
  const parsed = parseEnrolmentCode(code)
  if (!parsed) throw codeInvalid()
  const { site, key, hash } = parsed
  const row = await dependencies.sites.find(site)
  // Asked for with a hash that none has where there is no site, so that time does not tell which sites there are.
  const fits = await dependencies.bridges.enrol(site, key, row?.commandQueue ? hash : noHash, spki, dependencies.now)
  if (!row?.commandQueue || !fits) throw codeInvalid()
  const { region, deploymentPublicKey, queues } = dependencies
  return { site, key, region, deploymentPublicKey, queues: { ...queues, commands: row.commandQueue.url } }
}

/** The same words whatever is wrong with it: made up, ended, used by another bridge, of a site that is gone. */
function codeInvalid(): HttpProblemError {
  return new HttpProblemError(
    401,
    'code-invalid',
    'The code is not one that still enrols a bridge; have a new one made.',
  )
}

/** One spelling of the key, so that it compares as text. */
function ed25519Pem(pem: string): string {
  const wrong = badFields([{ field: 'publicKey', message: 'an Ed25519 public key, SPKI in PEM' }])
  let key: ReturnType<typeof createPublicKey>
  try {
    key = createPublicKey(pem)
  } catch {
    throw wrong
  }
  if (key.asymmetricKeyType !== 'ed25519') throw wrong
  return key.export({ type: 'spki', format: 'pem' }).toString()
}
