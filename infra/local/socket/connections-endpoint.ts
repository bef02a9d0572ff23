import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { accessKeyIdOf, denialOf } from '../access/authorization.ts'
import type { Roles } from '../access/roles.ts'
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import { readBody } from '../request-body.ts'
import { account } from '../template/names.ts'
import { type Connection, type Connections, messageBytesMax } from './connections.ts'

/**
 * Serves the `@connections` commands of functions ("Use @connections commands in your backend service"): POST sends a message, GET
 * describes a connection, DELETE closes it. Each needs the permission `execute-api:ManageConnections`.
 */
export function createConnectionsEndpoint(options: {
  connections: Connections
  roles: Roles
  apiId: string
  stage: string
  region: string
  log: Log
}): RequestListener {
  const { connections, roles, apiId, stage, region, log } = options

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request, messageBytesMax)
    const url = request.url ?? '/'
    const [, foundStage, encodedId] = /^\/([^/]+)\/@connections\/([^/?]+)/.exec(url) ?? []
    if (foundStage !== stage || encodedId === undefined) return fail(response, 403, 'ForbiddenException', 'Forbidden')
    const id = decodeURIComponent(encodedId)
    const method = request.method ?? 'GET'
    const principal = roles.principal(accessKeyIdOf(request.headers, url) ?? '')
    if (!principal)
      return fail(
        response,
        403,
        'UnrecognizedClientException',
        'The security token included in the request is invalid.',
      )
    const resource = `arn:aws:execute-api:${region}:${account}:${apiId}/${stage}/${method}/@connections/${id}`
    const denial = denialOf(principal, [{ action: 'execute-api:ManageConnections', resource }])
    if (denial !== undefined) {
      log('request-denied', { service: 'execute-api', action: 'ManageConnections', denial })
      return fail(response, 403, 'AccessDeniedException', denial)
    }
    if (body === undefined) return fail(response, 413, 'PayloadTooLargeException', 'Message too long')
    if (method === 'POST') return post(response, id, body.toString())
    const connection = connections.find(id)
    if (!connection) return gone(response)
    if (method === 'GET') return describe(response, connection)
    if (method !== 'DELETE') return fail(response, 405, 'MethodNotAllowedException', 'Method not allowed')
    connections.close(id, 1000, '')
    response.writeHead(204).end()
  }

  function post(response: ServerResponse, id: string, text: string): void {
    const sent = connections.post(id, text)
    if (sent === 'gone') gone(response)
    else if (sent === 'full') fail(response, 429, 'LimitExceededException', 'The client does not read its messages.')
    else response.writeHead(200, { 'content-type': 'application/json', 'content-length': 0 }).end()
  }

  return (request, response) => {
    handle(request, response).catch((error: unknown) => {
      log('request-failed', { target: '@connections', error: messageOf(error) })
      if (!response.headersSent) fail(response, 500, 'InternalServerErrorException', messageOf(error))
    })
  }
}

const gone = (response: ServerResponse) => fail(response, 410, 'GoneException', 'Gone')

function describe(response: ServerResponse, { connectedAt, lastActiveAt, identity }: Connection): void {
  const times = { connectedAt: new Date(connectedAt).toISOString(), lastActiveAt: new Date(lastActiveAt).toISOString() }
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ ...times, identity }))
}

/** Answers with an error; the SDK takes the error's name from `x-amzn-errortype`. */
function fail(response: ServerResponse, status: number, type: string, message: string): void {
  response
    .writeHead(status, { 'content-type': 'application/json', 'x-amzn-errortype': type })
    .end(JSON.stringify({ message }))
}
