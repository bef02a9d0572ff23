// The three functions of the native module of AWS's runtime interface client, over HTTP ("Using the Lambda runtime API").
// `done` and `error` return at once, as the native ones do; `next` waits for their request to end.
const { Agent, request } = require('node:http')
const { flushCompileCache } = require('node:module')

const [hostname, port] = String(process.env.AWS_LAMBDA_RUNTIME_API).split(':')
const agent = new Agent({ keepAlive: true, maxSockets: 1 })
const base = '/2018-06-01/runtime/invocation'

/** @type {Promise<unknown>} */
let posting = Promise.resolve()
let asked = 0

/** @param {string} method @param {string} path @param {string} [body] @param {Record<string, string>} [headers] */
function call(method, path, body, headers) {
  return new Promise((resolve, reject) => {
    const outgoing = request({ hostname, port, agent, method, path: base + path, headers }, (answer) => {
      let bodyJson = ''
      answer.setEncoding('utf8')
      answer.on('data', (chunk) => {
        bodyJson += chunk
      })
      answer.on('error', reject)
      answer.on('end', () => resolve({ bodyJson, headers: answer.headers }))
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

/** @param {string} path @param {string} body @param {Record<string, string>} [headers] */
function post(path, body, headers) {
  posting = call('POST', path, body, { 'content-type': 'application/json', ...headers })
  // `next` reports the failure. Without a handler here Node would first end the process for an unhandled rejection.
  posting.catch(() => undefined)
}

module.exports = {
  next: async () => {
    await posting
    asked += 1
    // Node writes compiled code when a process exits, but this one is killed. After an invocation all that it needs is compiled.
    if (asked === 2) flushCompileCache()
    return call('GET', '/next')
  },
  /** @param {string} id @param {string} body */
  done: (id, body) => post(`/${id}/response`, body),
  /** @param {string} id @param {string} body */
  error: (id, body) => {
    const { errorType } = JSON.parse(body)
    post(`/${id}/error`, body, { 'lambda-runtime-function-error-type': String(errorType) })
  },
}
