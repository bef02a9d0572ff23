import type { Roles } from '../access/roles.ts'
import type { Clock } from '../clock.ts'
import type { Functions } from '../functions/functions.ts'
import { createHttpApi } from '../http/http-api.ts'
import type { Log } from '../log.ts'
import type { LoopbackServer } from '../loopback-server.ts'
import { createConnections } from '../socket/connections.ts'
import { createConnectionsEndpoint } from '../socket/connections-endpoint.ts'
import { type SocketApi, serveSocketApi } from '../socket/socket-api.ts'
import type { StackNames } from '../template/names.ts'
import type { StackResources } from '../template/resources.ts'
import { readApi } from './api-resources.ts'

export interface Apis {
  /** The stage of the WebSocket API, which is part of its URL; empty if the template has no such API. */
  socketStage: string
  stop(): Promise<void>
}

/** Serves the template's HTTP API and WebSocket API on two servers that already listen. */
export function serveApis(options: {
  resources: StackResources
  names: StackNames
  functions: Functions
  roles: Roles
  clock: Clock
  http: LoopbackServer
  socket: LoopbackServer
  region: string
  log: Log
}): Apis {
  const { http, socket, roles, region, log } = options
  const httpApi = readApi('HTTP', options)
  if (httpApi) http.server.on('request', createHttpApi(httpApi, { region, log, domainName: `127.0.0.1:${http.port}` }))
  const socketApi = readApi('WEBSOCKET', options)
  if (!socketApi) return { socketStage: '', stop: async () => undefined }
  const { apiId, stage } = socketApi
  const connections = createConnections(options.clock)
  socket.server.on('request', createConnectionsEndpoint({ connections, roles, apiId, stage, region, log }))
  const names = { apiId, stage, domainName: `127.0.0.1:${socket.port}` }
  const served: SocketApi = serveSocketApi(socket.server, socketApi, { names, connections, region, log })
  return { socketStage: stage, stop: () => served.stop() }
}
