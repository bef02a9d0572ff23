// Opens the caller's card in the browser of whoever's phone rings:
//
//     WEBHOOK_SECRET=whsec_... node examples/webhooks/screen-pop.mjs
//
// and http://localhost:3000/?extension=60 in a browser. Make a webhook with "types": ["call.ringing"] and
// "filters": { "directions": ["inbound"] }. Put it behind your login: the page shows who calls.
import { createServer } from 'node:http'
import { makeReceiver } from './receiver.mjs'

const page = `<!doctype html><meta charset="utf-8"><title>Calls</title><h1>Waiting for a call</h1><script>
const extension = new URLSearchParams(location.search).get('extension')
new EventSource('/calls?extension=' + encodeURIComponent(extension)).onmessage = ({ data }) => {
  const { party, name } = JSON.parse(data)
  document.querySelector('h1').textContent = name + ' ' + party
  open('https://crm.example.com/contacts?phone=' + encodeURIComponent(party), 'crm')
}
</script>`

/** Returns the listeners of each extension, and what tells them of a call. */
export function makeBoard() {
  const listeners = new Map()
  return {
    listen(extension, listener) {
      const own = listeners.get(extension) ?? new Set()
      listeners.set(extension, own.add(listener))
      return () => own.delete(listener)
    },
    /** An event older than this is no call that rings now: it waited for its receiver. */
    work({ type, time, data }, now = Date.now()) {
      if (type !== 'call.ringing' || !data.party || now - Date.parse(time) > 30_000) return
      for (const listener of listeners.get(data.extension) ?? [])
        listener({ call: data.call, party: data.party, name: data.caller.name })
    },
  }
}

function serve(secret, port) {
  const board = makeBoard()
  const receive = makeReceiver({ secret, work: (event) => board.work(event) })
  createServer(async (request, response) => {
    const url = new URL(request.url, 'http://localhost')
    if (request.method === 'POST') {
      const chunks = []
      for await (const chunk of request) chunks.push(chunk)
      response.writeHead(receive(request.headers, Buffer.concat(chunks))).end()
    } else if (url.pathname === '/calls') {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
      const stop = board.listen(url.searchParams.get('extension'), (call) =>
        response.write(`data: ${JSON.stringify(call)}\n\n`),
      )
      request.on('close', stop)
    } else response.writeHead(200, { 'content-type': 'text/html' }).end(page)
  }).listen(port, '127.0.0.1')
}

if (import.meta.main ?? process.argv[1]?.endsWith('screen-pop.mjs'))
  serve(process.env.WEBHOOK_SECRET, Number(process.env.PORT ?? 3000))
