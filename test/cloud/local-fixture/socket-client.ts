import { once } from 'node:events'
import WebSocket from 'ws'

export interface Client extends AsyncDisposable {
  socket: WebSocket
  send(message: unknown): void
  /** Returns the next message, parsed; messages are queued until they are read. */
  // biome-ignore lint/suspicious/noExplicitAny: a test reads messages of any shape
  next(): Promise<any>
  /** Resolves with the close code. */
  closed: Promise<number>
}

export async function connect(
  url: string,
  { protocols = [], headers = {} }: { protocols?: string[]; headers?: Record<string, string> } = {},
): Promise<Client> {
  const socket = new WebSocket(url, protocols, { headers })
  const kept: string[] = []
  const waiting: ((text: string) => void)[] = []
  socket.on('message', (data) => {
    const take = waiting.shift()
    if (take) take(data.toString())
    else kept.push(data.toString())
  })
  const closed = new Promise<number>((resolve) => socket.once('close', resolve))
  await once(socket, 'open')
  return {
    socket,
    closed,
    send: (message) => socket.send(JSON.stringify(message)),
    next: async () => JSON.parse(kept.shift() ?? (await new Promise<string>((resolve) => waiting.push(resolve)))),
    async [Symbol.asyncDispose]() {
      socket.terminate()
      await closed
    },
  }
}

/** Returns the HTTP status that rejects a handshake. */
export async function refusal(url: string): Promise<number | undefined> {
  const socket = new WebSocket(url)
  socket.on('error', () => undefined)
  const [, response] = await once(socket, 'unexpected-response')
  response.resume()
  socket.terminate()
  return response.statusCode
}
