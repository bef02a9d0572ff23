import * as v from 'valibot'
import { Cdr } from './cdr.ts'
import { EndpointState, PbxStatus, Reachability } from './facts.ts'
import { field } from './field.ts'
import { maxCodePoints } from './text.ts'

/** Problem details (RFC 9457). */
export const Problem = v.looseObject({
  type: field(v.string(), '`urn:switchhook:problem:` and the errorId.'),
  title: field(v.string(), 'Name of the status.'),
  status: v.number(),
  detail: field(v.string(), 'What went wrong, as a sentence for people.'),
  errorId: field(v.string(), 'Names the error. It does not change between versions.'),
  errors: v.optional(
    field(
      v.array(
        v.looseObject({
          field: field(v.string(), 'Path of the field, such as `rows.3.note`.'),
          message: field(v.string(), 'What is wrong with its value, and an example of a right one.'),
        }),
      ),
      'Every wrong field of the input.',
    ),
  ),
})
export type Problem = v.InferOutput<typeof Problem>

export const TicketRequest = v.strictObject({
  scopes: v.optional(
    field(
      v.pipe(
        v.array(v.pipe(v.string(), v.maxLength(40, 'Too long for a scope. Example: presence:read.'))),
        v.minLength(1, 'Empty: name at least one scope, or leave the field out.'),
        v.maxLength(50, 'Too many scopes: at most 50.'),
      ),
      "Scopes of the ticket; all of the key's by default.",
      ['presence:read'],
    ),
  ),
})
/** A ticket, which opens one WebSocket, once, within 60 seconds. */
export const TicketIssued = v.looseObject({
  ticket: field(v.string(), 'The ticket: the query parameter `ticket` of the socket.'),
  expiresAt: v.string(),
  socketUrl: field(v.string(), 'Address of the WebSocket.'),
  scopes: v.optional(field(v.array(v.string()), 'Scopes of the ticket.')),
  site: v.optional(field(v.string(), 'The site; answered to boards alone, whose token does not name it.')),
})
export type TicketIssued = v.InferOutput<typeof TicketIssued>

export const CdrPage = v.looseObject({
  cdrs: field(v.array(Cdr), 'Call detail records, newest first unless `order` says otherwise.'),
  cursor: v.optional(field(v.string(), 'Cursor of the next page; absent on the last one.')),
})
export type CdrPage = v.InferOutput<typeof CdrPage>

export const Endpoint = v.looseObject({
  ...EndpointState.entries,
  callsNow: field(v.pipe(v.number(), v.integer()), 'Calls in progress at the endpoint.'),
})
export type Endpoint = v.InferOutput<typeof Endpoint>

export const EndpointList = v.looseObject({
  lastHeard: v.optional(field(v.string(), 'When the bridge of the site last sent a message; absent if it never did.')),
  pbx: v.optional(
    field(PbxStatus, 'Whether the bridge reaches the PBX, as it last said. While it is down, endpoints are unknown.'),
  ),
  endpoints: v.array(Endpoint),
})
export type EndpointList = v.InferOutput<typeof EndpointList>

const word = v.pipe(v.string(), maxCodePoints(100, 'Too long: at most 100 characters.'))
export const EndpointQuery = v.looseObject({
  technology: v.optional(field(word, 'Channel technology.', 'PJSIP')),
  reachability: v.optional(field(Reachability, 'Whether the endpoint is registered.', 'offline')),
  deviceState: v.optional(field(word, "Asterisk's device state.", 'INUSE')),
  extension: v.optional(field(word, 'Number of the endpoint, or its resource if the PBX has no number for it.', '60')),
})
export type EndpointQuery = v.InferOutput<typeof EndpointQuery>
