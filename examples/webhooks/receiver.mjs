// A receiver of webhooks in Node 20 or later, without a library:
//
//     WEBHOOK_SECRET=whsec_... node examples/webhooks/receiver.mjs
//
// It answers at once and works later: a receiver that works first gets the event again after 15 seconds.
import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'

const toleranceSeconds = 300
const bodyBytesMax = 1_000_000

/** Whether a request was signed with the secret within the last five minutes (Standard Webhooks 1.0.0). */
export function verify(secret, headers, body, now = Date.now()) {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures = '' } = headers
  if (!(Math.abs(now / 1000 - Number(timestamp)) <= toleranceSeconds)) return false
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest()
  return signatures.split(' ').some((signature) => {
    const given = signature.startsWith('v1,') ? Buffer.from(signature.slice(3), 'base64') : Buffer.alloc(0)
    return given.length === expected.length && timingSafeEqual(given, expected)
  })
}

/**
 * Returns the status for a request, and hands each new event to `work` after that. `store` remembers ids: an event may come twice.
 * Use a table of your database for `store` and a queue for `work`.
 */
export function makeReceiver({ secret, work, store = new Set(), now = Date.now }) {
  return (headers, body) => {
    if (!verify(secret, headers, body, now())) return 401
    const event = JSON.parse(body)
    if (!store.has(event.id)) {
      store.add(event.id)
      setImmediate(work, event)
    }
    return 204
  }
}

/** Serves a receiver. The signature is over the bytes of the body, so they are not parsed before. */
export function serve(receive, port) {
  const server = createServer(async (request, response) => {
    const chunks = []
    let bytes = 0
    for await (const chunk of request) {
      bytes += chunk.length
      if (bytes > bodyBytesMax) return response.writeHead(413).end()
      chunks.push(chunk)
    }
    response.writeHead(receive(request.headers, Buffer.concat(chunks))).end()
  })
  return server.listen(port, () => console.log(`receiving at http://localhost:${server.address().port}/`))
}

if (import.meta.main ?? process.argv[1]?.endsWith('webhooks/receiver.mjs')) {
  const work = ({ type, time, data }) => console.log(time, type, data.call ?? data.endpoint ?? '', data.result ?? '')
  serve(makeReceiver({ secret: process.env.WEBHOOK_SECRET, work }), Number(process.env.PORT ?? 3000))
}
