import * as v from 'valibot'
import { SwitchhookError } from '../contracts/errors.ts'
import { config } from './config.ts'
import type { DataKeys } from './domain/webhooks/vault.ts'
import { readOnce, readParameter } from './parameter.ts'

const keyBytes = 32
const base64Key = v.pipe(
  v.string(),
  v.check((text) => Buffer.from(text, 'base64').length === keyBytes, 'Not the base64 of 32 bytes.'),
)
/**
 * The keys that encrypt what receivers of webhooks entrust to the deployment: JSON in an SSM SecureString of their own, so that the
 * function that connects to receivers cannot read the other secrets. The first one encrypts.
 */
export const StoredDataKeys = v.object({
  keys: v.pipe(
    v.array(v.object({ id: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{1,40}$/)), key: base64Key })),
    v.minLength(1),
    v.maxLength(20),
    v.check((keys) => new Set(keys.map(({ id }) => id)).size === keys.length, 'Two keys have the same id.'),
  ),
})
export type StoredDataKeys = v.InferOutput<typeof StoredDataKeys>

/** The stored data keys are missing or invalid. */
export class DataKeysError extends SwitchhookError {
  readonly errorId = 'data-keys-invalid'
}

/** Returns the data keys of this stage. */
export const dataKeys: () => Promise<DataKeys> = readOnce(read)

async function read(): Promise<DataKeys> {
  const { DATA_KEYS_PARAMETER: name } = config('DATA_KEYS_PARAMETER')
  const parsed = v.safeParse(StoredDataKeys, await readParameter(name))
  if (parsed.success) return parsed.output.keys.map(({ id, key }) => ({ id, key: Buffer.from(key, 'base64') }))
  throw new DataKeysError(`missing or invalid data keys in ${name}. Write them as docs/deploy.md says.`)
}
