import * as v from 'valibot'
import { field } from '../contracts/field.ts'
import { SiteId } from '../contracts/names.ts'
import { Cdr } from './cdr-schema.ts'
import { matching, port, text } from './schema-parts.ts'

const oneLine = v.regex(/^[^\r\n\0]*$/, 'one line')
const queue = matching(/^https?:\/\/[^\s/]+\/\d+\/[\w-]+$/, "an SQS queue's URL, https://HOST/ACCOUNT/NAME")
const application = matching(/^[A-Za-z0-9_.-]{1,64}$/, 'letters, digits, dots, hyphens')

const Ari = v.strictObject(
  {
    url: field(
      matching(/^https?:\/\/[^\s/@]+\/([^\s]+\/)?ari$/, 'http://HOST:PORT/ari, with no password in it'),
      'Address of ARI: that of `http.conf`, with its `prefix` before `/ari`.',
      'http://127.0.0.1:8088/ari',
    ),
    user: field(text('the name of a user of ari.conf'), 'A user of `ari.conf` that is not read-only.', 'switchhook'),
    password: field(text('the password of that user'), 'Its password.'),
    application: v.optional(
      field(application, 'Name of the Stasis application; each bridge of a PBX needs its own.'),
      'switchhook-events',
    ),
    listen: v.optional(
      field(
        v.strictObject(
          {
            host: v.optional(
              field(text('an address of this machine'), 'Address on which the bridge listens.'),
              '127.0.0.1',
            ),
            port: field(port(0), 'Its port; 0 takes a free one.', 8922),
          },
          'an object',
        ),
        'Where Asterisk dials the bridge (`outbound_websocket`), with the same user and password. Without it, the bridge dials.',
      ),
    ),
  },
  'an object',
)

const Ami = v.strictObject(
  {
    host: v.optional(field(text("Asterisk's address"), 'Address of the Manager Interface.'), '127.0.0.1'),
    port: field(port(1), 'Its port.', 5038),
    user: field(
      v.pipe(text('the name of a user of manager.conf'), oneLine),
      'A user of `manager.conf` with `read = call,agent,security` and `write = reporting`.',
      'switchhook',
    ),
    password: field(v.pipe(text('the secret of that user'), oneLine), 'Its secret.'),
  },
  'an object',
)

const Menus = v.strictObject(
  {
    key: field(
      text('a site key with the scope grades:lookup alone'),
      'A site key with the scope `grades:lookup` alone.',
    ),
    application: v.optional(field(application, 'Name of the Stasis application of the menus.'), 'switchhook-menus'),
    sounds: v.optional(
      field(
        text('a folder that Asterisk may read'),
        'Folder of generated sounds, which Asterisk must be able to read; `sounds` in `stateFolder` by default.',
      ),
    ),
    files: v.optional(
      field(v.array(text("a menu's file")), 'Menus to add to the shipped ones, or to replace them by their extension.'),
      [],
    ),
  },
  'an object',
)

export const BridgeConfig = v.strictObject(
  {
    site: field(v.pipe(v.string('a site name'), SiteId), 'Name of the site; from `enrolment`.', 'office'),
    region: field(
      matching(/^[a-z]{2}(-[a-z]+)+-\d$/, 'an AWS region, such as eu-west-3'),
      'AWS region of the queues; from `enrolment`.',
      'eu-west-3',
    ),
    stateFolder: field(
      text('a folder that the bridge may write'),
      'Folder of the spool, the position in the CDR file, the epoch and the quarantine.',
      '/var/lib/switchhook',
    ),
    ari: field(Ari, 'Asterisk REST Interface.'),
    ami: v.optional(
      field(
        Ami,
        'The Manager Interface. Without it, messages in mailboxes, registrations of trunks and queues are not published.',
      ),
    ),
    cdr: field(Cdr, 'Call records.'),
    queues: field(
      v.strictObject(
        {
          live: field(queue, 'URL of the queue of fresh facts; from `enrolment`.'),
          records: field(queue, 'URL of the queue of call records and late facts; from `enrolment`.'),
          commands: field(queue, 'URL of the queue of commands; from `enrolment`.'),
        },
        'an object',
      ),
      'Queues of SQS.',
    ),
    key: field(
      v.strictObject(
        {
          id: field(
            v.pipe(text('the id that enrolment gave'), v.maxLength(64, 'the id that enrolment gave')),
            'Id of the key that signs messages; from `enrolment`.',
          ),
          privateKeyFile: field(text('a PKCS8 PEM file'), 'File of the private key; beside the file of `enrolment`.'),
        },
        'an object',
      ),
      'The key of this bridge.',
    ),
    deploymentPublicKey: v.optional(
      field(
        text('a public key in PEM'),
        'Public key of the deployment (SPKI, PEM), which verifies commands; from `enrolment`. Without it, the bridge takes no commands.',
      ),
    ),
    credentialsFile: v.optional(
      field(
        text('a file with AWS credentials'),
        'A file of AWS credentials in the format of `credential_process`, which another program renews.',
      ),
    ),
    api: v.optional(
      field(
        matching(/^https?:\/\/[^\s@]+$/, 'the URL of the HTTP API'),
        'URL of the HTTP API, which gives AWS credentials; from `enrolment`. With neither, the AWS SDK looks in its usual places.',
      ),
    ),
    menus: v.optional(field(Menus, "Voice menus. Without them, the dial plan's fallback answers.")),
    health: v.optional(
      field(
        v.strictObject(
          { port: field(port(0), 'Port of `/healthz` and `/metrics` on 127.0.0.1; 0 takes a free one.', 8921) },
          'an object',
        ),
        'Without it, there is no `/healthz`.',
      ),
    ),
    logLevel: v.optional(
      field(
        v.picklist(['debug', 'info', 'warn', 'error'], 'debug, info, warn or error'),
        '`debug`, `info`, `warn` or `error`. SIGHUP applies it.',
      ),
      'info',
    ),
  },
  'an object',
)
export type BridgeConfig = v.InferOutput<typeof BridgeConfig>

/** The key that stands for those of the enrolment file; it is replaced before the schema is applied. */
export const enrolmentKey = 'enrolment'

/** A key of the configuration by its dotted path. */
export interface ConfigKey {
  path: string
  schema: object
  isRequired: boolean
  default?: unknown
  hasKeys: boolean
}

/** Returns every key, those of an object after it. */
export function configKeys(schema: unknown = BridgeConfig, prefix = ''): ConfigKey[] {
  return Object.entries(entriesOf(schema)).flatMap(([name, inner]) => {
    const { wrapped, default: standard } = v.is(SchemaParts, inner) ? inner : {}
    const own = wrapped ?? inner
    const path = `${prefix}${name}`
    const below = configKeys(own, `${path}.`)
    if (typeof own !== 'object' || own === null) return below
    const key = { path, schema: own, isRequired: wrapped === undefined, hasKeys: below.length > 0 }
    return [{ ...key, ...(standard !== undefined && { default: standard }) }, ...below]
  })
}

/** The keys of an object's schema, also of an optional one; none for another schema. */
export function entriesOf(schema: unknown): Record<string, unknown> {
  const { wrapped, entries } = v.is(SchemaParts, schema) ? schema : {}
  return wrapped === undefined ? (entries ?? {}) : entriesOf(wrapped)
}
const SchemaParts = v.looseObject({
  wrapped: v.optional(v.looseObject({})),
  entries: v.optional(v.record(v.string(), v.unknown())),
  default: v.optional(v.unknown()),
})
