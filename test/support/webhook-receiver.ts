import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'

interface Received {
  path: string
  headers: IncomingHttpHeaders
  body: string
  /** Unix milliseconds. */
  at: number
}

/** A receiver of webhooks on loopback. */
export interface WebhookReceiver extends AsyncDisposable {
  url: string
  received: Received[]
  /** How it answers each path; 204 for the others. */
  statusOf: Map<string, number>
}

export async function startReceiver(): Promise<WebhookReceiver> {
  const received: Received[] = []
  const statusOf = new Map<string, number>()
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => void chunks.push(chunk))
    request.on('end', () => {
      const path = request.url ?? ''
      received.push({ path, headers: request.headers, body: Buffer.concat(chunks).toString(), at: Date.now() })
      response.writeHead(statusOf.get(path) ?? 204).end(path === '/down' ? 'not now, +33612345678' : undefined)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`,
    received,
    statusOf,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
    },
  }
}
