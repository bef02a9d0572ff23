import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm'
import * as v from 'valibot'
import { config } from './config.ts'

/** The deployment's secrets: one SSM SecureString a stage, JSON, read once at cold start. */
export const Secrets = v.object({
  /** Makes sites; held by whoever deploys. */
  adminKey: v.pipe(v.string(), v.minLength(32)),
  /** Key of the HMAC under which API keys are stored. */
  pepper: v.pipe(v.string(), v.minLength(32)),
  /** Signs the cursors of pages. */
  cursorKey: v.pipe(v.string(), v.minLength(32)),
  /** Ed25519 private key (PKCS8, PEM) that signs commands to bridges. */
  signingKey: v.pipe(v.string(), v.startsWith('-----BEGIN PRIVATE KEY-----')),
})
export type Secrets = v.InferOutput<typeof Secrets>

let loading: Promise<Secrets> | undefined

/** Secrets of this stage. A failed read is not remembered, so the next invocation tries again. */
export function secrets(): Promise<Secrets> {
  loading ??= read().catch((error: unknown) => {
    loading = undefined
    throw error
  })
  return loading
}

async function read(): Promise<Secrets> {
  const name = config('SECRETS_PARAMETER').SECRETS_PARAMETER
  const { Parameter } = await new SSMClient({}).send(new GetParameterCommand({ Name: name, WithDecryption: true }))
  const parsed = v.safeParse(Secrets, JSON.parse(Parameter?.Value ?? '{}'))
  if (parsed.success) return parsed.output
  const wrong = parsed.issues.map((issue) => v.getDotPath(issue) ?? '(whole)').join(', ')
  throw new Error(`the secrets in ${name} lack or spoil: ${wrong}; write them anew as docs/deploy.md says`)
}

/** Public half of the key that signs commands (SPKI, PEM). */
export function deploymentPublicKey(secrets: Secrets): string {
  const key: KeyObject = createPublicKey(createPrivateKey(secrets.signingKey))
  return key.export({ type: 'spki', format: 'pem' }).toString()
}
