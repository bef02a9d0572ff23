import { generateKeyPairSync, randomBytes } from 'node:crypto'
import type { Secrets } from '../../functions/secrets.ts'

/** Generates the secrets of a deployment in the form that `functions/secrets.ts` reads from SSM. */
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

/** `npm run --silent secrets`: prints new secrets as JSON; docs/deploy.md describes how to store them. */
export async function main(): Promise<void> {
  console.log(JSON.stringify(makeSecrets()))
}
