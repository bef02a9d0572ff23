import type { IncomingMessage, ServerResponse } from 'node:http'
import { type LoopbackServer, listenOnLoopback } from '../loopback-server.ts'
import { readBody } from '../request-body.ts'

/** "Lambda quotas": 6 MB each for a synchronous request and its response. Lambda allows 100 bytes more. */
export const payloadBytesMax = 6 * 1024 * 1024 + 100

/** Receives the calls that the runtime in one process makes. */
export interface RuntimeListener {
  /** The runtime waits for an invocation; `deliver` sends it one. */
  waits(deliver: (headers: Record<string, string>, payload: string) => void): void
  answers(requestId: string, payload: string): void
  fails(requestId: string, error: string): void
  /** The runtime could not load the function. */
  failsInit(error: string): void
}

/**
 * Serves the "Lambda runtime API" (2018-06-01) for one process. Each process has its own port, since requests of the API do not
 * identify the runtime that sends them.
 */
export function serveRuntimeApi(listener: RuntimeListener): Promise<LoopbackServer> {
  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, requestId = '', verb = ''] =
      /^\/2018-06-01\/runtime\/(?:invocation\/)?([^/]+)(?:\/(\w+))?$/.exec(request.url ?? '') ?? []
    if (requestId === 'next') {
      return listener.waits((headers, payload) =>
        response.writeHead(200, { ...headers, 'content-type': 'application/json' }).end(payload),
      )
    }
    const body = await readBody(request, payloadBytesMax)
    response.writeHead(body === undefined ? 413 : 202, { 'content-type': 'application/json' }).end('{"status":"OK"}\n')
    if (requestId === 'init') listener.failsInit(String(body ?? '{}'))
    else if (body === undefined) listener.fails(requestId, tooLarge)
    else if (verb === 'response') listener.answers(requestId, body.toString())
    else if (verb === 'error') listener.fails(requestId, body.toString())
  }

  return listenOnLoopback(0, 'Runtime API', (request, response) => {
    // If the runtime exits during a request, its exit is reported instead.
    handle(request, response).catch(() => response.destroy())
  })
}

const tooLarge = JSON.stringify({
  errorType: 'Function.ResponseSizeTooLarge',
  errorMessage: `Response payload size exceeded maximum allowed payload size (${payloadBytesMax} bytes).`,
})
