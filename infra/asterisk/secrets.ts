import { randomBytes, randomInt } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import * as v from 'valibot'
import { errorCode } from './errors.ts'
import type { Site } from './site.ts'

export const SecretsSchema = v.object({
  /** Password of the ARI user `bridge`, which may place and end calls. */
  ariBridge: v.string(),
  /** Password of the ARI user `reader`, which is read-only. */
  ariReader: v.string(),
  /** Secret of the AMI user `bridge`. */
  amiBridge: v.string(),
  /** SIP password by endpoint. */
  endpoints: v.record(v.string(), v.string()),
  /** PIN by mailbox. */
  mailboxes: v.record(v.string(), v.string()),
  /** Password by trunk with an account. The provider gives it, so none is generated. */
  trunks: v.optional(v.record(v.string(), v.string()), {}),
})

/** All passwords of one Asterisk. */
export type Secrets = v.InferOutput<typeof SecretsSchema>

/** Generates the secrets of a site; reuses those of `earlier` for users, endpoints and mailboxes that still exist. */
export function generateSecrets(site: Site, earlier?: Secrets): Secrets {
  const endpoints = site.extensions.map(({ endpoint }) => endpoint)
  const mailboxes = site.extensions.flatMap(({ mailbox }) => mailbox ?? [])
  return {
    ariBridge: earlier?.ariBridge ?? password(),
    ariReader: earlier?.ariReader ?? password(),
    amiBridge: earlier?.amiBridge ?? password(),
    endpoints: Object.fromEntries(endpoints.map((name) => [name, earlier?.endpoints[name] ?? password()])),
    mailboxes: Object.fromEntries(mailboxes.map((box) => [box, earlier?.mailboxes[box] ?? pin()])),
    trunks: earlier?.trunks ?? {},
  }
}

/** Loads the secrets from `file` (mode 0600), generates missing ones and saves them. An invalid file is replaced. */
export async function loadSecrets(file: string, site: Site): Promise<Secrets> {
  const secrets = generateSecrets(site, await readSecrets(file))
  await writeFile(file, JSON.stringify(secrets, undefined, 2), { mode: 0o600 })
  return secrets
}

async function readSecrets(file: string): Promise<Secrets | undefined> {
  try {
    return v.parse(SecretsSchema, JSON.parse(await readFile(file, 'utf8')))
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || error instanceof SyntaxError || v.isValiError(error)) return undefined
    throw error
  }
}

/** Returns 144 random bits as letters, digits, `-` and `_`, which have no special meaning in Asterisk's files. */
function password(): string {
  return randomBytes(18).toString('base64url')
}

/** Returns six random digits. */
function pin(): string {
  return String(randomInt(0, 1_000_000)).padStart(6, '0')
}
