import { Agent, request as httpRequest } from 'node:http'
import { buffer } from 'node:stream/consumers'
import type { FuzzRequest } from './requests.ts'

/** Longer than API Gateway's 30 s: what has no answer by then hangs. */
export const answerMsMax = 60_000

/** Returns what sends requests over connections that are kept open; no more of them than requests are sent at once. */
export function httpSender(apiUrl: string, atOnce: number): (request: FuzzRequest) => Promise<Response> {
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce })
  return (request) => sendRequest(apiUrl, agent, request)
}

/** Sends a request as it is, with headers in their order and names that occur twice. */
function sendRequest(apiUrl: string, agent: Agent, { method, target, headers, body }: FuzzRequest): Promise<Response> {
  const bytes = body === undefined ? undefined : Buffer.from(body, 'base64')
  const raw = [...headers, ...(bytes ? [['content-length', String(bytes.length)]] : [])].flat()
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(apiUrl)
    const sent = httpRequest({
      agent,
      hostname,
      port,
      method,
      path: target,
      headers: ['host', `${hostname}:${port}`, ...raw] as string[],
    })
    sent.setTimeout(answerMsMax, () => sent.destroy(new Error(`no answer within ${answerMsMax} ms`)))
    sent.on('error', reject)
    sent.on('response', (response) => {
      const answerHeaders = Object.entries(response.headersDistinct).flatMap(([name, values = []]) =>
        values.map((value): [string, string] => [name, value]),
      )
      const status = response.statusCode ?? 0
      buffer(response).then(
        (text) => resolve(new Response([204, 304].includes(status) ? null : text, { status, headers: answerHeaders })),
        reject,
      )
    })
    sent.end(bytes)
  })
}
