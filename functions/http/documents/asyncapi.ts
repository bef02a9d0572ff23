import * as v from 'valibot'
import {
  DeltaFrame,
  ErrorFrame,
  GapFrame,
  HeardFrame,
  PingFrame,
  PongFrame,
  protocolVersion,
  ResetFrame,
  ResumedFrame,
  ResumeFrame,
  SnapshotFrame,
  StatsFrame,
  SubscribeFrame,
} from '../../../contracts/frames.ts'
import { type Json, jsonSchema } from './json-schema.ts'

/** What API Gateway sends itself, in words of its own, instead of the function's answer. */
const GatewayErrorFrame = v.looseObject({ message: v.string(), connectionId: v.string(), requestId: v.string() })

/** Every frame with its purpose and schema. */
const frames: Record<string, { summary: string; schema: v.GenericSchema }> = {
  subscribe: {
    summary: 'Subscribes to topics: the server sends a snapshot of each, then deltas.',
    schema: SubscribeFrame,
  },
  resume: {
    summary: 'Resumes a subscription: the server sends what was written since a stamp, then deltas.',
    schema: ResumeFrame,
  },
  ping: { summary: 'Keeps the socket open; with topics, asks for a digest of each.', schema: PingFrame },
  snapshot: { summary: 'All entities of a topic, in one or more parts.', schema: SnapshotFrame },
  resumed: { summary: 'Entities that were written since the stamp of a resume.', schema: ResumedFrame },
  delta: { summary: 'Changed entities, and the sequence numbers that they cover.', schema: DeltaFrame },
  reset: {
    summary: 'A new epoch began: sequence numbers restart at 1, and every entity was published again.',
    schema: ResetFrame,
  },
  gap: { summary: 'Events between two times may be missing, and why.', schema: GapFrame },
  heard: { summary: 'The bridge went offline or came back online.', schema: HeardFrame },
  pong: { summary: 'Answers a ping.', schema: PongFrame },
  stats: { summary: 'Figures of the site.', schema: StatsFrame },
  error: { summary: 'Says what is wrong with a frame of the client. The socket stays open.', schema: ErrorFrame },
  gatewayError: {
    summary:
      'API Gateway itself: the function failed or took over 29 s, or the frame names a route of API Gateway. Send the frame again.',
    schema: GatewayErrorFrame,
  },
}

const requests = {
  subscribe: ['snapshot', 'stats', 'error', 'gatewayError'],
  resume: ['reset', 'resumed', 'snapshot', 'stats', 'error', 'gatewayError'],
  ping: ['pong', 'error', 'gatewayError'],
}
const pushed = ['delta', 'reset', 'gap', 'heard']

/**
 * Returns the WebSocket as an AsyncAPI 3.1 document (https://www.asyncapi.com/docs/reference/specification/v3.1.0), made from the
 * schemas that parse the frames. `socketEndpoint` is `wss://host/stage`. The document is written from the cloud's side: it
 * receives what clients send.
 */
export function asyncApi(socketEndpoint: string): { asyncapi: string; channels: Json } & Json {
  const { protocol, host, pathname } = new URL(socketEndpoint)
  return {
    asyncapi: '3.1.0',
    id: 'urn:switchhook:live',
    defaultContentType: 'application/json',
    info: {
      title: 'Switchhook live',
      version: String(protocolVersion),
      description:
        'Presence and calls of one site as they change: a snapshot, then deltas, resumed after a disconnection.',
      contact: { name: 'Switchhook', url: 'https://github.com/switchhook/switchhook' },
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
      tags: [{ name: 'presence' }, { name: 'calls' }],
    },
    servers: {
      socket: {
        host,
        pathname,
        protocol: protocol.replace(':', ''),
        security: [refTo('components/securitySchemes', 'ticket')],
      },
    },
    channels: {
      live: {
        address: '/',
        description:
          'One socket of one site. A message of the server is one frame, or a JSON array of several. API Gateway closes the socket after two hours, so the client opens the next one before.',
        messages: Object.fromEntries(Object.keys(frames).map((name) => [name, refTo('components/messages', name)])),
        bindings: { ws: { query: querySchema, bindingVersion: '0.1.0' } },
      },
    },
    operations: {
      ...Object.fromEntries(Object.entries(requests).map(([name, answers]) => [name, requestOperation(name, answers)])),
      tell: {
        action: 'send',
        summary: 'Frames that the server sends to subscribers as things change.',
        channel: refTo('channels', 'live'),
        messages: pushed.map(ofChannel),
      },
    },
    components: {
      messages: Object.fromEntries(
        Object.entries(frames).map(([name, { summary, schema }]) => [
          name,
          { name, title: name, summary, contentType: 'application/json', payload: schemaOf(schema) },
        ]),
      ),
      securitySchemes: {
        ticket: {
          type: 'httpApiKey',
          in: 'query',
          name: 'ticket',
          description:
            'A ticket from `POST /v1/sites/{site}/tickets` or `POST /v1/boards/tickets`: opens one socket, within 60 s.',
        },
      },
    },
  }
}

const querySchema = {
  type: 'object',
  required: ['ticket'],
  properties: { ticket: { type: 'string', description: 'The ticket; it opens one socket.' } },
}

function requestOperation(name: string, answers: readonly string[]): Json {
  return {
    action: 'receive',
    summary: frames[name]?.summary,
    channel: refTo('channels', 'live'),
    messages: [ofChannel(name)],
    reply: { channel: refTo('channels', 'live'), messages: answers.map(ofChannel) },
  }
}

function refTo(where: string, name: string): Json {
  return { $ref: `#/${where}/${name}` }
}

function ofChannel(name: string): Json {
  return refTo('channels/live/messages', name)
}

/** The schema dialect of AsyncAPI is a superset of JSON Schema draft 7. */
function schemaOf(schema: v.GenericSchema): Json {
  return jsonSchema(schema, 'draft-07')
}
