import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import * as v from 'valibot'
import { SwitchhookError } from '../contracts/errors.ts'
import { config } from './config.ts'
import { readOnce, readParameter } from './parameter.ts'

/** The deployment's secrets: JSON in one SSM SecureString a stage, read once per cold start. */
export const Secrets = v.object({
  /** Bearer token of the administrator of the deployment, who creates sites. */
  adminKey: v.pipe(v.string(), v.minLength(32)),
  /** Key of the HMAC by which API keys are hashed before they are stored. */
  pepper: v.pipe(v.string(), v.minLength(32)),
  /** Key that signs pagination cursors. */
  cursorKey: v.pipe(v.string(), v.minLength(32)),
  /** Ed25519 private key (PKCS8, PEM) that signs commands to bridges. */
  signingKey: v.pipe(v.string(), v.startsWith('-----BEGIN PRIVATE KEY-----')),
})
export type Secrets = v.InferOutput<typeof Secrets>

/** The stored secrets lack a field or have an invalid one. */
export class SecretsError extends SwitchhookError {
  readonly errorId = 'secrets-invalid'
}

/** Returns the secrets of this stage. */
export const secrets: () => Promise<Secrets> = readOnce(read)

async function read(): Promise<Secrets> {
  const name = config('SECRETS_PARAMETER').SECRETS_PARAMETER
  const parsed = v.safeParse(Secrets, await readParameter(name))
  if (parsed.success) return parsed.output
  const wrong = parsed.issues.map((issue) => v.getDotPath(issue) ?? '(whole)').join(', ')
  throw new SecretsError(`missing or invalid secrets in ${name}: ${wrong}. Write them again as docs/deploy.md says.`)
}

/** Returns the public half of the key that signs commands (SPKI, PEM). */
export function deploymentPublicKey(secrets: Secrets): string {
  const key: KeyObject = createPublicKey(createPrivateKey(secrets.signingKey))
  return key.export({ type: 'spki', format: 'pem' }).toString()
}
