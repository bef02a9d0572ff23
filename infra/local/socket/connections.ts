import { randomBytes } from 'node:crypto'
import type { WebSocket } from 'ws'
import type { Clock } from '../clock.ts'

/** "Quotas for WebSocket APIs": a connection ends after 10 idle minutes, and after 2 hours in any case. */
const idleMsMax = 10 * 60 * 1000
const connectionMsMax = 2 * 60 * 60 * 1000
/** "Quotas for WebSocket APIs": message 128 KB, frame 32 KB. */
export const messageBytesMax = 128 * 1024
export const frameBytesMax = 32 * 1024
/** Bytes that are buffered for a client that does not read. Further messages are rejected, as AWS does when its buffer is full. */
const unsentBytesMax = 1024 * 1024

export interface Connection {
  readonly id: string
  readonly connectedAt: number
  readonly identity: { sourceIp: string; userAgent: string }
  /** Context of the authorizer of `$connect`; every later event carries it. */
  readonly authorizer: Readonly<Record<string, unknown>> | undefined
  lastActiveAt: number
}

export interface Connections {
  /** Creates a connection that `$connect` has not accepted yet: it has an id, and posting to it answers 410. */
  create(identity: Connection['identity'], authorizer: Connection['authorizer']): Connection
  /** Opens a connection that `$connect` accepted: it can be posted to, and its time limits run. */
  open(connection: Connection, socket: WebSocket): void
  /** Records activity, which restarts the idle time. */
  touch(connection: Connection): void
  find(id: string): Connection | undefined
  post(id: string, text: string): 'sent' | 'gone' | 'full'
  close(id: string, code: number, reason: string): boolean
  remove(id: string): void
  all(): Connection[]
}

/** Holds the open connections of the WebSocket API and closes each after its idle time or its total time. */
export function createConnections(clock: Clock): Connections {
  const opened = new Map<
    string,
    { connection: Connection; socket: WebSocket; cancelIdle: () => void; cancelEnd: () => void }
  >()

  function goAway(id: string, reason: string): void {
    opened.get(id)?.socket.close(1001, reason)
  }
  function touch(connection: Connection): void {
    const entry = opened.get(connection.id)
    if (!entry) return
    connection.lastActiveAt = Date.now()
    entry.cancelIdle()
    entry.cancelIdle = clock.after(idleMsMax, () => goAway(connection.id, 'Going away'))
  }

  return {
    create: (identity, authorizer) => {
      // AWS's ids have 16 characters too and end in an equals sign.
      const id = `${randomBytes(11).toString('base64url')}=`
      return { id, connectedAt: Date.now(), lastActiveAt: Date.now(), identity, authorizer }
    },
    open(connection, socket) {
      const cancelEnd = clock.after(connectionMsMax, () => goAway(connection.id, 'Going away'))
      opened.set(connection.id, { connection, socket, cancelIdle: () => undefined, cancelEnd })
      touch(connection)
    },
    touch,
    find: (id) => opened.get(id)?.connection,
    post(id, text) {
      const entry = opened.get(id)
      if (!entry || entry.socket.readyState !== entry.socket.OPEN) return 'gone'
      if (entry.socket.bufferedAmount + text.length > unsentBytesMax) return 'full'
      sendInFrames(entry.socket, Buffer.from(text))
      touch(entry.connection)
      return 'sent'
    },
    close(id, code, reason) {
      const entry = opened.get(id)
      entry?.socket.close(code, reason)
      return entry !== undefined
    },
    remove(id) {
      const entry = opened.get(id)
      entry?.cancelIdle()
      entry?.cancelEnd()
      opened.delete(id)
    },
    all: () => [...opened.values()].map(({ connection }) => connection),
  }
}

/** Sends a message in frames of at most 32 KB, as API Gateway does. */
function sendInFrames(socket: WebSocket, message: Buffer): void {
  let at = 0
  do {
    const end = at + frameBytesMax
    socket.send(message.subarray(at, end), { binary: false, fin: end >= message.length })
    at = end
  } while (at < message.length)
}
