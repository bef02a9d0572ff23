import { toJsonSchema } from '@valibot/to-json-schema'
import type * as v from 'valibot'
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

type Json = Record<string, unknown>

/** Every frame, what it is for, and its schema. */
const frames: Record<string, { summary: string; schema: v.GenericSchema }> = {
  subscribe: { summary: 'Asks for topics: a snapshot of each, then what changes.', schema: SubscribeFrame },
  resume: { summary: 'Asks for what was written since a stamp, then for what changes.', schema: ResumeFrame },
  ping: { summary: 'A sign of life; with topics, it asks for the digest of each.', schema: PingFrame },
  snapshot: { summary: 'All that is, in one or more parts.', schema: SnapshotFrame },
  resumed: { summary: 'What was written since the stamp of a resume.', schema: ResumedFrame },
  delta: { summary: 'What changed, and the counts that it covers.', schema: DeltaFrame },
  reset: { summary: 'The bridge began anew: counts begin at 1, what is has been told again.', schema: ResetFrame },
  gap: { summary: 'What happened between two times may have been missed, and why.', schema: GapFrame },
  heard: { summary: 'The bridge fell silent, or is heard again.', schema: HeardFrame },
  pong: { summary: 'The answer to a ping.', schema: PongFrame },
  stats: { summary: 'Figures of the whole site.', schema: StatsFrame },
  error: { summary: 'What is wrong with a frame of the client; the socket stays open.', schema: ErrorFrame },
}

const asked = {
  subscribe: ['snapshot', 'stats', 'error'],
  resume: ['reset', 'resumed', 'snapshot', 'stats', 'error'],
  ping: ['pong', 'error'],
}
const told = ['delta', 'reset', 'gap', 'heard']

/**
 * The WebSocket as an AsyncAPI 3.1 document (https://www.asyncapi.com/docs/reference/specification/v3.1.0), made of the
 * same schemas by which frames are parsed. `socketEndpoint` is `wss://host/stage`; the cloud is the application that
 * receives and sends.
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
      description: 'Presence and calls of one site as they change: snapshot first, then deltas, resumed after any cut.',
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
        description: 'One socket of one site, for two hours at the most; the client opens the next before.',
        messages: Object.fromEntries(Object.keys(frames).map((name) => [name, refTo('components/messages', name)])),
        bindings: { ws: { query: querySchema, bindingVersion: '0.1.0' } },
      },
    },
    operations: {
      ...Object.fromEntries(Object.entries(asked).map(([name, answers]) => [name, askedOperation(name, answers)])),
      tell: {
        action: 'send',
        summary: 'What subscribers are told as it happens.',
        channel: refTo('channels', 'live'),
        messages: told.map(ofChannel),
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
            'Of `POST /v1/sites/{site}/tickets` or `POST /v1/boards/tickets`: opens one socket, within 60 s.',
        },
      },
    },
  }
}

const querySchema = {
  type: 'object',
  required: ['ticket'],
  properties: { ticket: { type: 'string', description: 'Single use.' } },
}

function askedOperation(name: string, answers: readonly string[]): Json {
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

/** AsyncAPI's own schema dialect is a superset of JSON Schema draft 7. */
function schemaOf(schema: v.GenericSchema): Json {
  const { $schema: _dialect, ...json } = toJsonSchema(schema, {
    typeMode: 'input',
    errorMode: 'ignore',
    target: 'draft-07',
  })
  return json
}
