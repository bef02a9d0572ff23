/**
 * A web page that places calls over the API. The key stays on this server, so no visitor of the page can read it.
 *
 *   SWITCHHOOK_API=https://… SWITCHHOOK_SITE=demo SWITCHHOOK_KEY=shk_… SWITCHHOOK_PHONE=PJSIP/5860 \
 *     node examples/click-to-call.mjs
 *
 * A key with `calls:write` and `calls:read` is enough. The server listens on this machine only. Before you open it to others,
 * add your own sign-in, and let it decide which phone rings.
 */
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'

const { SWITCHHOOK_API, SWITCHHOOK_SITE, SWITCHHOOK_KEY, SWITCHHOOK_PHONE, PORT = '8080' } = process.env
const missing = Object.entries({ SWITCHHOOK_API, SWITCHHOOK_SITE, SWITCHHOOK_KEY, SWITCHHOOK_PHONE })
  .filter(([, value]) => !value)
  .map(([name]) => name)
if (missing.length > 0) {
  console.error(`Set ${missing.join(', ')}.`)
  process.exit(78)
}

const bodyBytesMax = 1_000
/** The API answers within 30 s or not at all. */
const answerMsMax = 35_000
const page = await readFile(new URL('./tel.html', import.meta.url))

const server = createServer(async (request, response) => {
  try {
    const { status, type, body, retryAfter } = await answer(request)
    response.writeHead(status, { 'content-type': type, ...(retryAfter && { 'retry-after': retryAfter }) }).end(body)
  } catch (error) {
    console.error(String(error))
    // The page repeats the request with the same Idempotency-Key, so the phone rings only once.
    response.writeHead(502, { 'content-type': 'application/json' }).end('{"detail":"The API did not answer."}')
  }
})
server.listen(Number(PORT), '127.0.0.1', () => console.log(`http://localhost:${server.address().port}/`))

async function answer(request) {
  const { pathname } = new URL(request.url, 'http://localhost')
  if (request.method === 'GET' && pathname === '/') return { status: 200, type: 'text/html', body: page }
  const [, id] = /^\/calls\/([\w.-]{1,100})$/.exec(pathname) ?? []
  if (request.method === 'GET' && id) return ask('GET', `/${id}?wait=25`)
  // A page of another site can make a browser post here, but not with this content type, and its origin gives it away.
  const { origin, host, 'content-type': type } = request.headers
  const isOurs = type === 'application/json' && (!origin || new URL(origin).host === host)
  if (!isOurs || !/^(POST|DELETE)$/.test(request.method))
    return json(403, { detail: 'This request does not come from the page of this server.' })
  if (request.method === 'DELETE' && id) return ask('DELETE', `/${id}`)
  if (pathname !== '/calls') return json(404, { detail: 'Not found.' })
  const { to, click } = JSON.parse(await read(request))
  // The page chooses only the number. The rules of the site and of the key decide which numbers may be called.
  return ask('POST', '', { from: SWITCHHOOK_PHONE, to: String(to) }, String(click))
}

async function ask(method, path, body, idempotencyKey) {
  const response = await fetch(`${SWITCHHOOK_API}/v1/sites/${SWITCHHOOK_SITE}/calls${path}`, {
    method,
    headers: {
      authorization: `Bearer ${SWITCHHOOK_KEY}`,
      ...(body && { 'content-type': 'application/json', 'idempotency-key': idempotencyKey }),
    },
    ...(body && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(answerMsMax),
  })
  const { call, state, result, errorId, detail } = await response.json()
  const reply = json(response.status, { call, state, result, errorId, detail })
  return { ...reply, retryAfter: response.headers.get('retry-after') }
}

function json(status, body) {
  return { status, type: 'application/json', body: JSON.stringify(body) }
}

async function read(request) {
  let text = ''
  for await (const part of request.setEncoding('utf8')) {
    text += part
    if (text.length > bodyBytesMax) throw new Error(`The body is longer than ${bodyBytesMax} characters.`)
  }
  return text
}
