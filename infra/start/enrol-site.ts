import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import * as v from 'valibot'
import { Problem, SiteCreated } from '../../contracts/http.ts'
import { StartFailed } from './start-failed.ts'

const requestMsMax = 30_000

/**
 * Makes the site by the public API, as a person who deploys would: with the admin key and the public half of a key
 * that the bridge keeps for itself in `privateKeyFile`.
 */
export async function enrolSite(
  site: { site: string; name: string },
  { httpUrl, adminKey, privateKeyFile }: { httpUrl: string; adminKey: string; privateKeyFile: string },
): Promise<SiteCreated> {
  const bridgePublicKey = await bridgeKey(privateKeyFile)
  const response = await fetch(`${httpUrl}/v1/sites`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ ...site, bridgePublicKey }),
    signal: AbortSignal.timeout(requestMsMax),
  })
  const body: unknown = await response.json()
  if (response.status === 201) return v.parse(SiteCreated, body)
  const problem = v.safeParse(Problem, body)
  const why = problem.success ? problem.output.detail : `HTTP ${response.status}`
  throw new StartFailed('site-not-made', `The site ${site.site} could not be made: ${why}`, 69)
}

/** The public half (SPKI, PEM) of the bridge's Ed25519 key, which is made at the first call. */
async function bridgeKey(file: string): Promise<string> {
  const kept = await readFile(file, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  })
  const { privateKey } = kept ? { privateKey: createPrivateKey(kept) } : generateKeyPairSync('ed25519')
  if (!kept) await writeFile(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
  return createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString()
}
