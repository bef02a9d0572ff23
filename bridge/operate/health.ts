import { createServer, type ServerResponse } from 'node:http'
import { errorCode, exitStatus, FatalError } from '../failure.ts'
import type { Check } from './checks.ts'
import type { ComponentHealth } from './components.ts'
import { describeError } from './log.ts'
import { metricsContentType } from './metrics/text-format.ts'

export interface Health {
  /** `up` only if every component is. */
  status: 'up' | 'down'
  site: string
  version?: string
  /** Version of Asterisk, once it is known. */
  asterisk?: string
  components: Record<string, ComponentHealth>
  quarantined: number
  /** The last gap of this process. */
  lastGap?: { from: string; to: string; reason: string }
  counters: Record<string, number>
  checks: readonly Check[]
}

/** Returns what `/healthz` answers: `up` only if every component is. */
export function summarizeHealth(health: Omit<Health, 'status'>): Health {
  const isUp = Object.values(health.components).every(({ status }) => status === 'up')
  return { status: isUp ? 'up' : 'down', ...health }
}

export interface HealthSource {
  health(): Health
  /** The metrics in Prometheus's text format. */
  metrics(): Promise<string>
}

/**
 * Serves on 127.0.0.1 alone `GET /healthz` (status 200 if all components are up, else 503, with the health as JSON) and
 * `GET /metrics` for Prometheus. Both also answer HEAD.
 */
export async function serveHealth(
  port: number,
  source: HealthSource,
): Promise<{ port: number; stop(): Promise<void> }> {
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0]
    if (path !== '/healthz' && path !== '/metrics') {
      send(response, 404, 'text/plain', 'Not found: this port has /healthz and /metrics.\n')
    } else if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD')
      send(response, 405, 'text/plain', 'Only GET and HEAD are allowed.\n')
    } else if (path === '/healthz') {
      const health = source.health()
      send(response, health.status === 'up' ? 200 : 503, 'application/json', JSON.stringify(health))
    } else {
      source.metrics().then(
        (text) => send(response, 200, metricsContentType, text),
        (error: unknown) => send(response, 500, 'text/plain', `${describeError(error)}\n`),
      )
    }
  })
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, '127.0.0.1', resolve)
    })
  } catch (cause) {
    const sentence = `the health port ${port} cannot be used (${errorCode(cause)}): correct health.port`
    throw new FatalError('health-port-unusable', exitStatus.unavailable, sentence, { cause })
  }
  const address = server.address()
  const stop = () => {
    server.closeAllConnections()
    return new Promise<void>((resolve) => server.close(() => resolve()))
  }
  return { port: typeof address === 'object' && address ? address.port : port, stop }
}

/** Node sends no body with the answer to a HEAD request. */
function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) }).end(body)
}
