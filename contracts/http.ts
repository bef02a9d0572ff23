import * as v from 'valibot'
import { CodeMade } from './bridge-access.ts'
import { Cdr } from './cdr.ts'
import { EndpointState, Reachability } from './facts.ts'
import { Site } from './site.ts'

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

/** The answer to `POST /v1/sites`: `apiKey`, with every scope, and the bridge's code are shown here and never again. */
export const SiteCreated = v.looseObject({ ...Site.entries, apiKey: v.string(), enrolment: CodeMade })
export type SiteCreated = v.InferOutput<typeof SiteCreated>

/** Scopes for this ticket alone; all of the key's where left out. */
export const TicketRequest = v.strictObject({
  scopes: v.optional(v.pipe(v.array(v.pipe(v.string(), v.maxLength(40))), v.minLength(1), v.maxLength(50))),
})
/** `POST /v1/sites/{site}/tickets`: opens one WebSocket, once, within 60 seconds. */
export const TicketIssued = v.looseObject({
  ticket: v.string(),
  expiresAt: v.string(),
  socketUrl: v.string(),
  /** What it may do, for a page that shows only that. */
  scopes: v.optional(v.array(v.string())),
  /** Told to a board, whose token does not name it. */
  site: v.optional(v.string()),
})
export type TicketIssued = v.InferOutput<typeof TicketIssued>

/** One page of `GET /v1/sites/{site}/cdrs`; `cursor` is absent on the last page. */
export const CdrPage = v.looseObject({ cdrs: v.array(Cdr), cursor: v.optional(v.string()) })
export type CdrPage = v.InferOutput<typeof CdrPage>

/** An endpoint with how many calls it is in now. */
export const Endpoint = v.looseObject({ ...EndpointState.entries, callsNow: v.pipe(v.number(), v.integer()) })
export type Endpoint = v.InferOutput<typeof Endpoint>

/** `GET /v1/sites/{site}/endpoints`. `lastHeard` is when the site's bridge last spoke, absent if it never did. */
export const EndpointList = v.looseObject({ lastHeard: v.optional(v.string()), endpoints: v.array(Endpoint) })
export type EndpointList = v.InferOutput<typeof EndpointList>

const word = v.pipe(v.string(), v.maxLength(100))
export const EndpointQuery = v.looseObject({
  technology: v.optional(word),
  reachability: v.optional(Reachability),
  deviceState: v.optional(word),
  /** By number, or by name where the PBX tells no number. */
  extension: v.optional(word),
})
export type EndpointQuery = v.InferOutput<typeof EndpointQuery>
