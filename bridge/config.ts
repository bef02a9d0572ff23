import { readFile } from 'node:fs/promises'
import * as v from 'valibot'
import { namesIn } from '../contracts/cdr-row/layout.ts'
import { editDistance } from '../contracts/edit-distance.ts'
import { SiteId } from '../contracts/names.ts'
import { withEnrolment } from './enrolment/enrolment-file.ts'
import { errorCode, exitStatus, FatalError } from './failure.ts'

/** Messages say what is expected and never quote the value: a password may be in the wrong place. */
const text = (wanted: string) => v.pipe(v.string(wanted), v.minLength(1, wanted), v.maxLength(1000, wanted))
const matching = (pattern: RegExp, wanted: string) => v.pipe(v.string(wanted), v.regex(pattern, wanted))
const oneLine = v.regex(/^[^\r\n\0]*$/, 'one line')
const port = (lowest: number) =>
  v.pipe(v.number('a port'), v.integer('a port'), v.minValue(lowest, 'a port'), v.maxValue(65535, 'a port'))
const queue = matching(/^https?:\/\/[^\s/]+\/\d+\/[\w-]+$/, "an SQS queue's URL, https://HOST/ACCOUNT/NAME")

const layoutWanted =
  'the mapping line of cdr_custom.conf, or the names of the columns, such as start,src,dst,duration,billsec,disposition,uniqueid'

function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).format(0) !== ''
  } catch {
    return false
  }
}

export const BridgeConfig = v.strictObject(
  {
    site: v.pipe(v.string('a site name'), SiteId),
    region: matching(/^[a-z]{2}(-[a-z]+)+-\d$/, 'an AWS region, such as eu-west-3'),
    stateFolder: text('a folder that the bridge may write'),
    ari: v.strictObject(
      {
        url: matching(/^https?:\/\/[^\s/@]+\/([^\s]+\/)?ari$/, 'http://HOST:PORT/ari, with no password in it'),
        user: text('the name of a user of ari.conf'),
        password: text('the password of that user'),
        application: v.optional(
          matching(/^[A-Za-z0-9_.-]{1,64}$/, 'letters, digits, dots, hyphens'),
          'switchhook-events',
        ),
        /** Where Asterisk dials the bridge (`outbound_websocket`), with the same user and password. Without it, the bridge dials. */
        listen: v.optional(
          v.strictObject(
            {
              host: v.optional(text('an address of this machine'), '127.0.0.1'),
              port: port(0),
            },
            'an object',
          ),
        ),
      },
      'an object',
    ),
    /** The Manager Interface. Without it, messages in mailboxes, registrations of trunks and queues are not published. */
    ami: v.optional(
      v.strictObject(
        {
          host: v.optional(text("Asterisk's address"), '127.0.0.1'),
          port: port(1),
          user: v.pipe(text('the name of a user of manager.conf'), oneLine),
          password: v.pipe(text('the secret of that user'), oneLine),
        },
        'an object',
      ),
    ),
    cdr: v.strictObject(
      {
        /** The CSV mapping, JSON lines or `Master.csv`, recognised record by record. */
        file: text('the file that cdr_custom or cdr_csv writes'),
        /** Time zone of the times in CSV; this machine's by default. */
        zone: v.optional(v.pipe(v.string('an IANA zone'), v.check(isZone, 'an IANA zone, such as Europe/Paris'))),
        /** The columns of CSV records: the mapping line of cdr_custom.conf, or a header. Recognised by content by default. */
        layout: v.optional(
          v.pipe(
            v.string(layoutWanted),
            v.maxLength(10_000, layoutWanted),
            v.check((line) => namesIn(line) !== undefined, layoutWanted),
            v.transform(namesIn),
          ),
        ),
      },
      'an object',
    ),
    queues: v.strictObject({ live: queue, records: queue, commands: queue }, 'an object'),
    key: v.strictObject(
      {
        id: v.pipe(text('the id that enrolment gave'), v.maxLength(64, 'the id that enrolment gave')),
        privateKeyFile: text('a PKCS8 PEM file'),
      },
      'an object',
    ),
    /** The deployment's public key (SPKI, PEM), for verifying commands. Without it, the bridge takes no commands. */
    deploymentPublicKey: v.optional(text('a public key in PEM')),
    /** A file of AWS credentials in the format of `credential_process`, which another program renews. */
    credentialsFile: v.optional(text('a file with AWS credentials')),
    /** The HTTP API that gives this bridge AWS credentials. With neither, the AWS SDK looks in its usual places. */
    api: v.optional(matching(/^https?:\/\/[^\s@]+$/, 'the URL of the HTTP API')),
    /** Voice menus. Without it, the dial plan's fallback answers. */
    menus: v.optional(
      v.strictObject(
        {
          key: text('a site key with the scope grades:lookup alone'),
          application: v.optional(
            matching(/^[A-Za-z0-9_.-]{1,64}$/, 'letters, digits, dots, hyphens'),
            'switchhook-menus',
          ),
          sounds: v.optional(text('a folder that Asterisk may read')),
          files: v.optional(v.array(text("a menu's file")), []),
        },
        'an object',
      ),
    ),
    /** Port of `/healthz` on loopback; 0 takes a free one. Without it, there is no `/healthz`. */
    health: v.optional(v.strictObject({ port: port(0) }, 'an object')),
    logLevel: v.optional(v.picklist(['debug', 'info', 'warn', 'error'], 'debug, info, warn or error'), 'info'),
  },
  'an object',
)
export type BridgeConfig = v.InferOutput<typeof BridgeConfig>

/** Reads and checks the bridge's JSON configuration file. Throws FatalError that names every wrong key and shows no value. */
export async function readConfig(file: string): Promise<BridgeConfig> {
  let content: string
  try {
    content = await readFile(file, 'utf8')
  } catch (cause) {
    const why = errorCode(cause) === 'ENOENT' ? 'does not exist' : `cannot be read (${errorCode(cause)})`
    throw new FatalError(
      'config-unreadable',
      exitStatus.noInput,
      `the configuration ${file} ${why}: pass its path with --config`,
      {
        cause,
      },
    )
  }
  return parseConfig(await withEnrolment(content), file)
}

export function parseConfig(content: string, file: string): BridgeConfig {
  let json: unknown
  try {
    json = JSON.parse(content)
  } catch {
    // Not kept as a cause: the parser's message quotes the file's text, which may be a password.
    throw new FatalError('config-not-json', exitStatus.config, `the configuration ${file} is not valid JSON`)
  }
  const result = v.safeParse(BridgeConfig, json)
  if (result.success) return result.output
  // Valibot names one unknown key of each object.
  const wrong = result.issues.filter(({ expected }) => expected !== 'never').map(describeIssue)
  const unknown = unknownKeys(json, BridgeConfig).map((key) => `${key} is an unknown key${suggestionFor(key)}`)
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

/** `; is it ari.user?` if a key of the schema is spelled nearly like it, or stands elsewhere. */
function suggestionFor(key: string): string {
  const near = keysOf(BridgeConfig)
    .map((known) => ({ known, distance: Math.min(editDistance(key, known), editDistance(lastOf(key), lastOf(known))) }))
    .filter(({ distance }) => distance <= Math.max(1, Math.floor(lastOf(key).length / 3)))
    .sort((a, b) => editDistance(key, a.known) - editDistance(key, b.known))[0]
  return near ? ` (is it ${near.known}?)` : ''
}

const lastOf = (key: string) => key.slice(key.lastIndexOf('.') + 1).toLowerCase()

/** The dotted paths of all keys of a schema. */
function keysOf(schema: unknown, path = ''): string[] {
  return Object.entries(entriesOf(schema)).flatMap(([name, inner]) => [
    `${path}${name}`,
    ...keysOf(inner, `${path}${name}.`),
  ])
}

/** The dotted paths of the keys of `json` that the schema lacks. */
function unknownKeys(json: unknown, schema: unknown, path = ''): string[] {
  const entries = entriesOf(schema)
  if (typeof json !== 'object' || json === null || Object.keys(entries).length === 0) return []
  return Object.entries(json).flatMap(([name, value]) =>
    Object.hasOwn(entries, name) ? unknownKeys(value, entries[name], `${path}${name}.`) : `${path}${name}`,
  )
}

/** The keys of an object's schema, also of an optional one; none for another schema. */
function entriesOf(schema: unknown): Record<string, unknown> {
  const { wrapped, entries } = v.is(SchemaParts, schema) ? schema : {}
  return wrapped === undefined ? (entries ?? {}) : entriesOf(wrapped)
}
const SchemaParts = v.looseObject({
  wrapped: v.optional(v.looseObject({})),
  entries: v.optional(v.record(v.string(), v.unknown())),
})
