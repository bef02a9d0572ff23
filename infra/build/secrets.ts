import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import * as v from 'valibot'
import { SwitchhookError } from '../../contracts/errors.ts'
import { StoredDataKeys } from '../../functions/data-keys.ts'
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

/** Generates data keys: a new one before those of `older`, which open what they have sealed. */
export function makeDataKeys({ keys }: StoredDataKeys = { keys: [] }, now = new Date()): StoredDataKeys {
  const id = `${now.toISOString().slice(0, 10)}-${randomBytes(3).toString('hex')}`
  return { keys: [{ id, key: randomBytes(32).toString('base64') }, ...keys] }
}

/**
 * `npm run --silent secrets` prints new secrets as JSON, `npm run --silent secrets -- data-keys [FILE]` new data keys, before those of a file.
 * docs/deploy.md describes how to store them.
 */
export async function main([what, file]: readonly string[] = []): Promise<void> {
  if (what === undefined) return console.log(JSON.stringify(makeSecrets()))
  if (what !== 'data-keys') throw new UnknownSecretsError(`Unknown: ${what}. Write data-keys, or nothing.`)
  const older = file === undefined ? undefined : v.parse(StoredDataKeys, JSON.parse(await readFile(file, 'utf8')))
  console.log(JSON.stringify(makeDataKeys(older)))
}

/** The argument names no kind of secrets. */
class UnknownSecretsError extends SwitchhookError {
  readonly errorId = 'secrets-unknown'
}
