import { randomBytes, randomInt } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import * as v from 'valibot'
import { errorCode } from './errors.ts'
import type { Site } from './site.ts'

const SecretsSchema = v.object({
  /** Password of the ARI user `bridge`, who may place and end calls. */
  ariBridge: v.string(),
  /** Password of the ARI user `reader`, who may only look. */
  ariReader: v.string(),
  /** Secret of the AMI user `bridge`. */
  amiBridge: v.string(),
  /** SIP password by endpoint. */
  endpoints: v.record(v.string(), v.string()),
  /** Digits that open a mailbox, by mailbox. */
  mailboxes: v.record(v.string(), v.string()),
})

/** Every password of one Asterisk. */
export type Secrets = v.InferOutput<typeof SecretsSchema>

/** Fresh secrets for a site; those of `earlier` that still have an owner are kept. */
export function generateSecrets(site: Site, earlier?: Secrets): Secrets {
  const endpoints = site.extensions.map(({ endpoint }) => endpoint)
  const mailboxes = site.extensions.flatMap(({ mailbox }) => mailbox ?? [])
  return {
    ariBridge: earlier?.ariBridge ?? password(),
    ariReader: earlier?.ariReader ?? password(),
    amiBridge: earlier?.amiBridge ?? password(),
    endpoints: Object.fromEntries(endpoints.map((name) => [name, earlier?.endpoints[name] ?? password()])),
    mailboxes: Object.fromEntries(mailboxes.map((box) => [box, earlier?.mailboxes[box] ?? pin()])),
  }
}

/** The secrets kept in `file`, mode 0600, made or completed first if need be. A file that cannot be read as such is replaced. */
export async function keepSecrets(file: string, site: Site): Promise<Secrets> {
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

/** 144 bits in letters, digits, `-` and `_`, none of which means anything in a file of Asterisk. */
function password(): string {
  return randomBytes(18).toString('base64url')
}

/** Six digits, as many as a person types on a phone. */
function pin(): string {
  return String(randomInt(0, 1_000_000)).padStart(6, '0')
}
