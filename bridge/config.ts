import { readFile } from 'node:fs/promises'
import * as v from 'valibot'
import { editDistance } from '../contracts/edit-distance.ts'
import { cdrPasswordVariable } from './cdr-schema.ts'
import { BridgeConfig, configKeys, enrolmentKey, entriesOf } from './config-schema.ts'
import { withEnrolment } from './enrolment/enrolment-file.ts'
import { errorCode, exitStatus, FatalError } from './failure.ts'

export { BridgeConfig } from './config-schema.ts'

/** Reads and checks the bridge's JSON configuration file. Throws FatalError that names every wrong key and shows no value. */
export async function readConfig(file: string): Promise<BridgeConfig> {
  let content: string
  try {
    content = await readFile(file, 'utf8')
  } catch (cause) {
    const why = errorCode(cause) === 'ENOENT' ? 'does not exist' : `cannot be read (${errorCode(cause)})`
    const sentence = `the configuration ${file} ${why}: pass its path with --config`
    throw new FatalError('config-unreadable', exitStatus.noInput, sentence, { cause })
  }
  return parseConfig(await withEnrolment(withoutMark(content)), file)
}

/** The password of `cdr.database`, if no file has it. */
export function cdrPassword(): string | undefined {
  return process.env[cdrPasswordVariable]
}

/** Editors of Windows put a byte order mark before a text. */
const withoutMark = (text: string) => text.replace(/^\uFEFF/, '')

export function parseConfig(content: string, file: string): BridgeConfig {
  let json: unknown
  try {
    json = JSON.parse(withoutMark(content))
  } catch (error) {
    // Not kept as a cause: the parser's message quotes the file's text, which may be a password.
    const where = /\(line \d+ column \d+\)/.exec(error instanceof Error ? error.message : '')?.[0]
    const sentence = `the configuration ${file} is not valid JSON${where ? ` ${where}` : ''}: correct it; JSON has no comments and no comma after the last value`
    throw new FatalError('config-not-json', exitStatus.config, sentence)
  }
  const result = v.safeParse(BridgeConfig, json)
  if (result.success) return result.output
  // Valibot names one unknown key of each object.
  const wrong = result.issues.filter(({ expected }) => expected !== 'never').map(describeIssue)
  const unknown = unknownKeys(json, BridgeConfig).map(describeUnknown)
  const faults = [...new Set([...wrong, ...unknown])].join('; ')
  throw new FatalError('config-invalid', exitStatus.config, `the configuration ${file} is invalid: ${faults}`)
}

/** The configuration to show to a person who helps: every secret is replaced. */
export function withoutSecrets(config: BridgeConfig): BridgeConfig {
  const { ari, ami, menus } = config
  return {
    ...config,
    ari: { ...ari, password: hidden },
    ...(ami && { ami: { ...ami, password: hidden } }),
    ...(menus && { menus: { ...menus, key: hidden } }),
  }
}
const hidden = '(hidden)'

function describeIssue(issue: v.BaseIssue<unknown>): string {
  const key = v.getDotPath(issue) ?? 'the file'
  if (issue.received === 'undefined') return `${key} is missing`
  return `${key} must be ${issue.message}`
}

function describeUnknown(key: string): string {
  // A file name in it would have been read before.
  if (key === enrolmentKey) return `${key} must be the file that switchhook-bridge enroll wrote`
  return `${key} is an unknown key${suggestionFor(key)}`
}

/** ` (is it ari.user?)` if a key of the schema is spelled nearly like it, or stands elsewhere. */
function suggestionFor(key: string): string {
  const near = [enrolmentKey, ...configKeys().map(({ path }) => path)]
    .map((known) => ({ known, distance: Math.min(editDistance(key, known), editDistance(lastOf(key), lastOf(known))) }))
    .filter(({ distance }) => distance <= Math.max(1, Math.floor(lastOf(key).length / 3)))
    .sort((a, b) => editDistance(key, a.known) - editDistance(key, b.known))[0]
  return near ? ` (is it ${near.known}?)` : ''
}

const lastOf = (key: string) => key.slice(key.lastIndexOf('.') + 1).toLowerCase()

/** The dotted paths of the keys of `json` that the schema lacks. */
function unknownKeys(json: unknown, schema: unknown, path = ''): string[] {
  const entries = entriesOf(schema)
  if (typeof json !== 'object' || json === null || Object.keys(entries).length === 0) return []
  return Object.entries(json).flatMap(([name, value]) =>
    Object.hasOwn(entries, name) ? unknownKeys(value, entries[name], `${path}${name}.`) : `${path}${name}`,
  )
}
