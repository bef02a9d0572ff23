import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http'
import { codeOf, LocalCloudError } from './errors.ts'

export interface LoopbackServer {
  server: Server
  port: number
  stop(): Promise<void>
}

/** Listens on 127.0.0.1 alone. `port` 0 takes a free one; `what` is named in the sentence when the port is taken. */
export async function listenOnLoopback(
  port: number,
  what: string,
  handler?: RequestListener,
  options: ServerOptions = {},
): Promise<LoopbackServer> {
  const server = createServer(options, handler)
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      const inUse = codeOf(cause) === 'EADDRINUSE'
      const why = inUse
        ? 'is in use: stop what listens there or name another'
        : `cannot be used (${cause.message}): name another`
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
