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

/** Registers the public key of a bridge that shows a code. The same bridge may repeat the request if the answer was lost. */
export async function enrolBridge(
  { code, publicKey }: EnrolmentRequest,
  dependencies: EnrolBridgeDependencies,
): Promise<Enrolled> {
  const spki = ed25519Pem(publicKey)
  const parsed = parseEnrolmentCode(code)
  if (!parsed) throw codeInvalid()
  const { site, key, hash } = parsed
  const row = await dependencies.sites.find(site)
  // For an unknown site the same write runs with a hash that matches no code, so that timing does not reveal which sites exist.
  const fits = await dependencies.bridges.enrol(site, key, row?.commandQueue ? hash : noHash, spki, dependencies.now)
  if (!row?.commandQueue || !fits) throw codeInvalid()
  const { region, deploymentPublicKey, queues } = dependencies
  return { site, key, region, deploymentPublicKey, queues: { ...queues, commands: row.commandQueue.url } }
}

/** The same answer for every fault: a code that is unknown, expired, used by another bridge, or of a deleted site. */
function codeInvalid(): HttpProblemError {
  return new HttpProblemError(
    401,
    'code-invalid',
    'The code is unknown, expired or used. Make a new one with POST /v1/sites/{site}/bridges.',
  )
}

/** Returns the key in one spelling, so that keys compare as text. */
function ed25519Pem(pem: string): string {
  const wrong = badFields([
    {
      field: 'publicKey',
      message: 'Not an Ed25519 public key: SPKI in PEM, which begins with -----BEGIN PUBLIC KEY-----.',
    },
  ])
  let key: ReturnType<typeof createPublicKey>
  try {
    key = createPublicKey(pem)
  } catch {
    throw wrong
  }
  if (key.asymmetricKeyType !== 'ed25519') throw wrong
  return key.export({ type: 'spki', format: 'pem' }).toString()
}
