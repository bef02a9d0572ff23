import * as v from 'valibot'
import { Cdr } from './cdr.ts'
import { EndpointState } from './facts.ts'
import { SiteId } from './names.ts'

/** RFC 9457 problem details, with a stable `errorId` and, for bad input, each field that is wrong. */
export const Problem = v.looseObject({
  type: v.string(),
  title: v.string(),
  status: v.number(),
  detail: v.string(),
  errorId: v.string(),
  errors: v.optional(v.array(v.looseObject({ field: v.string(), message: v.string() }))),
})
export type Problem = v.InferOutput<typeof Problem>

/** `POST /v1/sites`: the bridge makes its own Ed25519 key and hands over the public half (SPKI, PEM). */
export const SiteRequest = v.looseObject({
  site: SiteId,
  name: v.pipe(v.string(), v.minLength(1), v.maxLength(100)),
  bridgePublicKey: v.pipe(v.string(), v.maxLength(500), v.startsWith('-----BEGIN PUBLIC KEY-----')),
})
export type SiteRequest = v.InferOutput<typeof SiteRequest>

/** The answer: `apiKey` is shown here and never again. */
export const SiteCreated = v.looseObject({
  site: SiteId,
  name: v.string(),
  apiKey: v.string(),
  bridge: v.looseObject({
    keyId: v.string(),
    /** The deployment's public key (SPKI, PEM), which signs commands. */
    deploymentPublicKey: v.string(),
    queues: v.looseObject({ live: v.string(), records: v.string(), commands: v.string() }),
  }),
})
export type SiteCreated = v.InferOutput<typeof SiteCreated>

/** `POST /v1/sites/{site}/tickets`: opens one WebSocket, once, within 60 seconds. */
export const TicketIssued = v.looseObject({ ticket: v.string(), expiresAt: v.string(), socketUrl: v.string() })
export type TicketIssued = v.InferOutput<typeof TicketIssued>

/** One page of `GET /v1/sites/{site}/cdrs`; `cursor` is absent on the last page. */
export const CdrPage = v.looseObject({ cdrs: v.array(Cdr), cursor: v.optional(v.string()) })
export type CdrPage = v.InferOutput<typeof CdrPage>

/** `GET /v1/sites/{site}/endpoints`. `lastHeard` is when the site's bridge last spoke, absent if it never did. */
export const EndpointList = v.looseObject({
  lastHeard: v.optional(v.string()),
  endpoints: v.array(EndpointState),
})
export type EndpointList = v.InferOutput<typeof EndpointList>
