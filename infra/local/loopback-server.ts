import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http'
import { codeOf, LocalCloudError } from './errors.ts'

export interface LoopbackServer {
  server: Server
  port: number
  stop(): Promise<void>
}

/** A client that sends its headers or its body more slowly than this is answered 408: Node's own limits are one and five minutes. */
const slowest: ServerOptions = { headersTimeout: 20_000, requestTimeout: 60_000, connectionsCheckingInterval: 5_000 }

/** Starts a server on 127.0.0.1. Port 0 chooses a free one; `what` names the server in the error if the port is in use. */
export async function listenOnLoopback(
  port: number,
  what: string,
  handler?: RequestListener,
  options: ServerOptions = {},
): Promise<LoopbackServer> {
  const server = createServer({ ...slowest, ...options }, handler)
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      const inUse = codeOf(cause) === 'EADDRINUSE'
      const why = inUse
        ? 'is in use: stop the program that listens there or choose another port'
        : `cannot be used (${cause.message}): choose another`
      reject(
        new LocalCloudError(inUse ? 'port-in-use' : 'port-unusable', `Port ${port} for the ${what} ${why}.`, { cause }),
      )
    })
    server.listen(port, '127.0.0.1', resolve)
  })
  const address = server.address()
  if (address === null || typeof address === 'string')
    throw new LocalCloudError('port-unusable', `The ${what} has no port.`)
  return {
    server,
    port: address.port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
