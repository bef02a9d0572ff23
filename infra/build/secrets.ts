import { generateKeyPairSync, randomBytes } from 'node:crypto'
import type { Secrets } from '../../functions/secrets.ts'

/** Fresh secrets of a deployment, as `functions/secrets.ts` reads them from SSM. */
export function makeSecrets(): Secrets {
  const text = () => randomBytes(32).toString('base64url')
  const { privateKey } = generateKeyPairSync('ed25519')
  return {
    adminKey: `sha_${text()}`,
    pepper: text(),
    cursorKey: text(),
    signingKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

/** `npm run --silent secrets`: prints them as JSON, to be stored as docs/deploy.md says. */
export async function main(): Promise<void> {
  console.log(JSON.stringify(makeSecrets()))
}
