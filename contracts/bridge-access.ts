import * as v from 'valibot'
import { SiteId, Timestamp } from './names.ts'

/** `she_SITE_SECRET`: enrols one bridge, once. */
export const EnrolmentCode = v.pipe(
  v.string(),
  v.regex(/^she_[a-z][a-z0-9-]{1,30}[a-z0-9]_[0-9A-Za-z_-]{32}$/, 'a code'),
)
/** An Ed25519 public key: SPKI in PEM (RFC 8410). */
export const PublicKeyPem = v.pipe(v.string(), v.maxLength(500), v.startsWith('-----BEGIN PUBLIC KEY-----'))

export const CodeMade = v.looseObject({ code: v.string(), key: v.string(), expiresAt: Timestamp })
export type CodeMade = v.InferOutput<typeof CodeMade>

export const EnrolmentRequest = v.strictObject({ code: EnrolmentCode, publicKey: PublicKeyPem })
export type EnrolmentRequest = v.InferOutput<typeof EnrolmentRequest>

const queues = v.looseObject({ live: v.string(), records: v.string(), commands: v.string() })

/** What a bridge keeps of its enrolment. Asked again with the same code and key, the same is answered. */
export const Enrolled = v.looseObject({
  site: SiteId,
  key: v.string(),
  region: v.string(),
  /** The deployment's public key (SPKI, PEM), which signs commands. */
  deploymentPublicKey: v.string(),
  queues,
})
export type Enrolled = v.InferOutput<typeof Enrolled>

/** Signed by the bridge: its signature is over `credentialsText`. `time` must rise from request to request. */
export const CredentialsRequest = v.strictObject({
  site: SiteId,
  key: v.pipe(v.string(), v.minLength(1), v.maxLength(64)),
  time: Timestamp,
  signature: v.pipe(v.string(), v.maxLength(128), v.base64()),
})
export type CredentialsRequest = v.InferOutput<typeof CredentialsRequest>

export function credentialsText(request: Pick<CredentialsRequest, 'site' | 'key' | 'time'>): Uint8Array {
  return Buffer.from(`switchhook.credentials.1\n${request.site}\n${request.key}\n${request.time}\n`)
}

/** A session of one hour. The queues are told each time: revoking a bridge gives the others a new command queue. */
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
  key: v.string(),
  state: v.picklist(['code', 'enrolled', 'revoked']),
  createdAt: Timestamp,
  createdBy: v.string(),
  /** Of a code that was not used. */
  expiresAt: v.optional(Timestamp),
  enrolledAt: v.optional(Timestamp),
  /** When it last asked for credentials. */
  lastUsedAt: v.optional(Timestamp),
  revokedAt: v.optional(Timestamp),
})
export type BridgeInfo = v.InferOutput<typeof BridgeInfo>
export const BridgeList = v.looseObject({ bridges: v.array(BridgeInfo) })
