import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import * as v from 'valibot'
import { errorCode, folderFailure, SecretsInvalidError, SecretsMissingError } from './errors.ts'
import { generateSecrets, type Secrets, SecretsSchema } from './secrets.ts'
import { trunksOf } from './site/numbers.ts'
import type { Site } from './site.ts'

type Environment = Readonly<Record<string, string | undefined>>

const prefix = 'SWITCHHOOK_PBX_'
/** A password as it can stand in a line of Asterisk's configuration: no line end, and no space at its ends. */
const password = /^[!-~](?:[ -~]{0,126}[!-~])?$/
/** Passwords that this program chose, and those of phones, which people type: no signs with a meaning. */
const plain = /^[A-Za-z0-9_.~-]{12,128}$/
const pinDigits = /^[0-9]{4,12}$/

/** The secrets of a site; `save` keeps the new ones for the next time. */
export interface SiteSecrets {
  readonly secrets: Secrets
  save(): Promise<void>
}

/**
 * Returns the secrets of a site: from environment variables, else from the file, else new ones. `save` writes the new ones to the
 * file with mode 0600; it never writes those of the environment, and forgets none of the file.
 *
 * @throws SecretsInvalidError if the file or a variable cannot be used, SecretsMissingError if a provider's password is missing
 */
export async function secretsOf(site: Site, file: string, environment: Environment): Promise<SiteSecrets> {
  const kept = await readSecrets(file)
  const next = generateSecrets(site, kept)
  const all = {
    ...next,
    endpoints: { ...kept?.endpoints, ...next.endpoints },
    mailboxes: { ...kept?.mailboxes, ...next.mailboxes },
  }
  const secrets = fromEnvironment(next, site, environment)
  const wrong = unusable(secrets)
  if (wrong.length > 0) throw new SecretsInvalidError(`${file} or the environment`, wrong)
  const missing = trunksOf(site).filter(({ name, register }) => register && secrets.trunks[name] === undefined)
  if (missing.length > 0) {
    const names = missing.map(({ name }) => ({ trunk: name, variable: variableOf('TRUNK', name) }))
    throw new SecretsMissingError(file, names)
  }
  const isNew = JSON.stringify(all) !== JSON.stringify(kept)
  return { secrets, save: async () => (isNew ? save(file, all) : undefined) }
}

async function readSecrets(file: string): Promise<Secrets | undefined> {
  try {
    return v.parse(SecretsSchema, JSON.parse(await readFile(file, 'utf8')))
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    // Never replaced: the phones have these passwords.
    if (error instanceof SyntaxError) throw new SecretsInvalidError(file, ['it is not JSON'], error)
    if (v.isValiError(error)) throw new SecretsInvalidError(file, [v.getDotPath(error.issues[0]) ?? 'its form'], error)
    throw error
  }
}

async function save(file: string, secrets: Secrets): Promise<void> {
  try {
    const folder = await mkdtemp(join(dirname(file), '.secrets-'))
    try {
      await writeFile(join(folder, 'new'), `${JSON.stringify(secrets, undefined, 2)}\n`, { mode: 0o600 })
      await rename(join(folder, 'new'), file)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  } catch (error) {
    throw folderFailure(error, dirname(file))
  }
}

function fromEnvironment(secrets: Secrets, site: Site, environment: Environment): Secrets {
  const given = (kind: string, name?: string) => environment[variableOf(kind, name)]
  const all = (kind: string, names: readonly string[], from: Readonly<Record<string, string>>) =>
    Object.fromEntries(
      names.flatMap((name) => {
        const value = given(kind, name) ?? from[name]
        return value === undefined ? [] : [[name, value]]
      }),
    )
  const trunks = trunksOf(site).map(({ name }) => name)
  return {
    ariBridge: given('ARI_BRIDGE') ?? secrets.ariBridge,
    ariReader: given('ARI_READER') ?? secrets.ariReader,
    amiBridge: given('AMI_BRIDGE') ?? secrets.amiBridge,
    endpoints: all('ENDPOINT', Object.keys(secrets.endpoints), secrets.endpoints),
    mailboxes: all('MAILBOX', Object.keys(secrets.mailboxes), secrets.mailboxes),
    trunks: all('TRUNK', trunks, secrets.trunks),
  }
}

function variableOf(kind: string, name?: string): string {
  return `${prefix}${kind}${name === undefined ? '' : `_${name.toUpperCase().replaceAll('-', '_')}`}`
}

/** Names the secrets that cannot be written or are too short, never their values. */
function unusable({ ariBridge, ariReader, amiBridge, endpoints, mailboxes, trunks }: Secrets): string[] {
  const bad = (what: string, values: Readonly<Record<string, string>>, pattern: RegExp) =>
    Object.entries(values).flatMap(([name, value]) => (pattern.test(value) ? [] : [`${what} ${name}`]))
  return [
    ...bad('the user', { ariBridge, ariReader, amiBridge }, plain),
    ...bad('the phone', endpoints, plain),
    ...bad('the mailbox', mailboxes, pinDigits),
    ...bad('the trunk', trunks, password),
  ]
}
