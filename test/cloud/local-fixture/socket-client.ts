import { once } from 'node:events'
import WebSocket from 'ws'

export interface Client extends AsyncDisposable {
  socket: WebSocket
  send(message: unknown): void
  /** The next message, parsed; messages that came before it was asked for are kept. */
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever shape was sent
  next(): Promise<any>
  /** The close code. */
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

/** The HTTP status that refuses a handshake. */
export async function refusal(url: string): Promise<number | undefined> {
  const socket = new WebSocket(url)
  socket.on('error', () => undefined)
  const [, response] = await once(socket, 'unexpected-response')
  response.resume()
  socket.terminate()
  return response.statusCode
}
