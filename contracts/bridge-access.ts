import * as v from 'valibot'
import { field } from './field.ts'
import { SiteId, Timestamp } from './names.ts'

/** An enrolment code, `she_SITE_SECRET`: enrols one bridge, once. */
export const EnrolmentCode = v.pipe(
  v.string(),
  v.regex(
    /^she_[a-z][a-z0-9-]{1,30}[a-z0-9]_[0-9A-Za-z_-]{32}$/,
    'Not an enrolment code, which begins with she_ and the site. Example: she_office_ and 32 characters.',
  ),
)
/** An Ed25519 public key: SPKI in PEM (RFC 8410). */
export const PublicKeyPem = v.pipe(
  v.string(),
  v.maxLength(500, 'Too long for an Ed25519 public key.'),
  v.startsWith('-----BEGIN PUBLIC KEY-----', 'Not a public key in PEM, which begins with -----BEGIN PUBLIC KEY-----.'),
)

export const CodeMade = v.looseObject({
  code: field(v.string(), 'The enrolment code. It is shown once.'),
  key: field(v.string(), 'Key id of the bridge that will use it.'),
  expiresAt: Timestamp,
})
export type CodeMade = v.InferOutput<typeof CodeMade>

export const EnrolmentRequest = v.strictObject({
  code: field(EnrolmentCode, 'The enrolment code.', 'she_office_Q2hhbmdlIG1lIG5vdyBwbGVhc2UhISEh'),
  publicKey: field(PublicKeyPem, 'Ed25519 public key of the bridge: SPKI in PEM (RFC 8410).'),
})
export type EnrolmentRequest = v.InferOutput<typeof EnrolmentRequest>

const queues = v.looseObject({
  live: field(v.string(), 'SQS queue of the live lane.'),
  records: field(v.string(), 'SQS queue of the records lane.'),
  commands: field(v.string(), 'SQS queue from which the bridge reads its commands.'),
})

/** What a bridge stores about its enrolment. A request sent again with the same code and key gets the same answer. */
export const Enrolled = v.looseObject({
  site: SiteId,
  key: field(v.string(), 'Key id of the bridge.'),
  region: field(v.string(), 'AWS region.'),
  deploymentPublicKey: field(v.string(), 'Public key (SPKI, PEM) that verifies commands.'),
  queues,
})
export type Enrolled = v.InferOutput<typeof Enrolled>

/** A request that the bridge signs: the signature covers `credentialsText`. */
export const CredentialsRequest = v.strictObject({
  site: field(SiteId, 'The site.', 'office'),
  key: field(v.pipe(v.string(), v.minLength(1), v.maxLength(64)), 'Key id of the bridge.', 'k7c1'),
  time: field(Timestamp, 'Time of the request: later than that of the request before.', '2026-11-23T19:03:14.000Z'),
  signature: field(
    v.pipe(
      v.string(),
      v.maxLength(128, 'Too long for an Ed25519 signature.'),
      v.base64('Not base64. Example: c2lnbmF0dXJl.'),
    ),
    'Ed25519 signature in base64 of `switchhook.credentials.1`, site, key and time, each followed by a line feed.',
    'c2lnbmF0dXJl',
  ),
})
export type CredentialsRequest = v.InferOutput<typeof CredentialsRequest>

/** Returns the bytes that the bridge signs. */
export function credentialsText(request: Pick<CredentialsRequest, 'site' | 'key' | 'time'>): Uint8Array {
  return Buffer.from(`switchhook.credentials.1\n${request.site}\n${request.key}\n${request.time}\n`)
}

/** AWS credentials for one hour. The queues can differ from the last answer: revoking a bridge gives the others a new command queue. */
export const BridgeSession = v.looseObject({
  accessKeyId: v.string(),
  secretAccessKey: v.string(),
  sessionToken: v.string(),
  expiration: Timestamp,
  region: v.string(),
  queues,
})
export type BridgeSession = v.InferOutput<typeof BridgeSession>

export const BridgeInfo = v.looseObject({
  key: field(v.string(), 'Key id.'),
  state: field(v.picklist(['code', 'enrolled', 'revoked']), '`code` until a bridge enrols with it.'),
  createdAt: Timestamp,
  createdBy: v.string(),
  expiresAt: v.optional(field(Timestamp, 'When an unused code expires.')),
  enrolledAt: v.optional(Timestamp),
  lastUsedAt: v.optional(field(Timestamp, 'When the bridge last requested credentials.')),
  revokedAt: v.optional(Timestamp),
})
export type BridgeInfo = v.InferOutput<typeof BridgeInfo>
export const BridgeList = v.looseObject({ bridges: v.array(BridgeInfo) })
