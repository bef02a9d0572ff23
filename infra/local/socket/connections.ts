import { randomBytes } from 'node:crypto'
import type { WebSocket } from 'ws'
import type { Clock } from '../clock.ts'

/** "Quotas for WebSocket APIs": idle 10 minutes, 2 hours a connection. */
const idleMsMax = 10 * 60 * 1000
const connectionMsMax = 2 * 60 * 60 * 1000
/** "Quotas for WebSocket APIs": message 128 KB, frame 32 KB. */
export const messageBytesMax = 128 * 1024
export const frameBytesMax = 32 * 1024
/** What may wait in memory for a client that does not read; more is refused as AWS refuses what its own buffer cannot take. */
const unsentBytesMax = 1024 * 1024

export interface Connection {
  readonly id: string
  readonly connectedAt: number
  readonly identity: { sourceIp: string; userAgent: string }
  /** What the authorizer of `$connect` said, given to every later event. */
  readonly authorizer: Readonly<Record<string, unknown>> | undefined
  lastActiveAt: number
}

export interface Connections {
  /** A connection that `$connect` has still to admit: it has an id, and posting to it answers 410. */
  announce(identity: Connection['identity'], authorizer: Connection['authorizer']): Connection
  /** It has been admitted: from now on it can be posted to, and its time limits run. */
  admit(connection: Connection, socket: WebSocket): void
  /** Notes a message from the client, which keeps the connection alive. */
  touch(connection: Connection): void
  find(id: string): Connection | undefined
  post(id: string, text: string): 'sent' | 'gone' | 'full'
  close(id: string, code: number, reason: string): boolean
  remove(id: string): void
  all(): Connection[]
}

/** The open connections of the WebSocket API, and the two waits that end one. */
export function createConnections(clock: Clock): Connections {
  const open = new Map<
    string,
    { connection: Connection; socket: WebSocket; cancelIdle: () => void; cancelEnd: () => void }
  >()

  function goAway(id: string, reason: string): void {
    open.get(id)?.socket.close(1001, reason)
  }
  function touch(connection: Connection): void {
    const entry = open.get(connection.id)
    if (!entry) return
    connection.lastActiveAt = Date.now()
    entry.cancelIdle()
    entry.cancelIdle = clock.after(idleMsMax, () => goAway(connection.id, 'Going away'))
  }

  return {
    announce: (identity, authorizer) => {
      // Like AWS's ids: 16 characters that end in an equals sign.
      const id = `${randomBytes(11).toString('base64url')}=`
      return { id, connectedAt: Date.now(), lastActiveAt: Date.now(), identity, authorizer }
    },
    admit(connection, socket) {
      const cancelEnd = clock.after(connectionMsMax, () => goAway(connection.id, 'Going away'))
      open.set(connection.id, { connection, socket, cancelIdle: () => undefined, cancelEnd })
      touch(connection)
    },
    touch,
    find: (id) => open.get(id)?.connection,
    post(id, text) {
      const entry = open.get(id)
      if (!entry || entry.socket.readyState !== entry.socket.OPEN) return 'gone'
      if (entry.socket.bufferedAmount + text.length > unsentBytesMax) return 'full'
      sendInFrames(entry.socket, Buffer.from(text))
      touch(entry.connection)
      return 'sent'
    },
    close(id, code, reason) {
      const entry = open.get(id)
      entry?.socket.close(code, reason)
      return entry !== undefined
    },
    remove(id) {
      const entry = open.get(id)
      entry?.cancelIdle()
      entry?.cancelEnd()
      open.delete(id)
    },
    all: () => [...open.values()].map(({ connection }) => connection),
  }
}

/** A message of up to 128 KB leaves in frames of 32 KB at most, as API Gateway sends it. */
function sendInFrames(socket: WebSocket, message: Buffer): void {
  let at = 0
  do {
    const end = at + frameBytesMax
    socket.send(message.subarray(at, end), { binary: false, fin: end >= message.length })
    at = end
  } while (at < message.length)
}
