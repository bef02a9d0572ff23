import type { IncomingMessage, ServerResponse } from 'node:http'
import { type LoopbackServer, listenOnLoopback } from '../loopback-server.ts'
import { readBody } from '../request-body.ts'

/** Lambda's limit on a response, 6 MB and a little ("Lambda quotas": 6 MB each for request and response, synchronous). */
export const payloadBytesMax = 6 * 1024 * 1024 + 100

/** What the runtime in one process tells its host. */
export interface RuntimeListener {
  /** It waits for an invocation: `deliver` hands it one. */
  waits(deliver: (headers: Record<string, string>, payload: string) => void): void
  answers(requestId: string, payload: string): void
  fails(requestId: string, error: string): void
  /** It could not load the function. */
  failsInit(error: string): void
}

/**
 * One process's end of the "Lambda runtime API" (2018-06-01). Each process has a port of its own, since the API has no word by
 * which one runtime could be told from another.
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
    // A runtime that dies in mid-request is reported by its exit, which says more.
    handle(request, response).catch(() => response.destroy())
  })
}

const tooLarge = JSON.stringify({
  errorType: 'Function.ResponseSizeTooLarge',
  errorMessage: `Response payload size exceeded maximum allowed payload size (${payloadBytesMax} bytes).`,
})
