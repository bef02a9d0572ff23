import { once } from 'node:events'
import * as v from 'valibot'
import { WebSocket } from 'ws'

/** The fields of an ARI event that the phones read. */
export const PhoneEvent = v.object({
  type: v.string(),
  channel: v.optional(v.object({ id: v.string(), state: v.string() })),
  cause: v.optional(v.number()),
  cause_txt: v.optional(v.string()),
})
export type PhoneEvent = v.InferOutput<typeof PhoneEvent>

export interface AriLogin {
  readonly ariUrl: string
  readonly ariUser: string
  readonly ariPassword: string
}

const REQUEST_MS_MAX = 30_000

/** Opens the event WebSocket of an Asterisk, subscribed to all events. The caller closes it. */
export async function openEvents(login: AriLogin, onEvent: (event: PhoneEvent) => void): Promise<WebSocket> {
  const url = `${login.ariUrl.replace(/^http/, 'ws')}/events?app=phones&subscribeAll=true`
  const socket = new WebSocket(url, { headers: { authorization: basic(login) }, handshakeTimeout: REQUEST_MS_MAX })
  socket.on('message', (data) => onEvent(v.parse(PhoneEvent, JSON.parse(data.toString()))))
  await once(socket, 'open')
  return socket
}

/** Sends one REST request with an optional JSON body; returns the HTTP status. */
export async function requestAri(login: AriLogin, method: string, path: string, body?: unknown): Promise<number> {
  const response = await fetch(`${login.ariUrl}/${path}`, {
    method,
    headers: { authorization: basic(login), 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(REQUEST_MS_MAX),
  })
  await response.arrayBuffer()
  return response.status
}

function basic({ ariUser, ariPassword }: AriLogin): string {
  return `Basic ${Buffer.from(`${ariUser}:${ariPassword}`).toString('base64')}`
}
