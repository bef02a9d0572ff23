import { createServer } from 'node:http'
import { errorCode, exitStatus, FatalError } from '../failure.ts'
import type { Check } from './checks.ts'

export type Health = {
  /** `up` only if every component is. */
  status: 'up' | 'down'
  components: Record<string, { status: 'up' | 'down'; [detail: string]: string | number }>
  counters: Record<string, number>
  checks: readonly Check[]
  [detail: string]: unknown
}

/** A component's details, besides whether it works. */
type ComponentState = { isUp: boolean; queued?: number; bytes?: number; unsent?: number }

/** Returns what `/healthz` answers: `up` only if every component is. */
export function summarizeHealth(
  site: string,
  components: Readonly<Record<string, ComponentState>>,
  details: { quarantined: number; counters: Record<string, number>; checks: readonly Check[] },
): Health {
  const upOrDown = (isUp: boolean): 'up' | 'down' => (isUp ? 'up' : 'down')
  return {
    status: upOrDown(Object.values(components).every(({ isUp }) => isUp)),
    site,
    components: Object.fromEntries(
      Object.entries(components).map(([name, { isUp, ...rest }]) => [name, { status: upOrDown(isUp), ...rest }]),
    ),
    ...details,
  }
}

/** Serves `GET /healthz` on 127.0.0.1: status 200 if all components are up, else 503, with the health as JSON. */
export async function serveHealth(
  port: number,
  health: () => Health,
): Promise<{ port: number; stop(): Promise<void> }> {
  const server = createServer((request, response) => {
    if (request.url !== '/healthz') {
      response.writeHead(404).end()
      return
    }
    const answer = health()
    response.writeHead(answer.status === 'up' ? 200 : 503, { 'content-type': 'application/json' })
    response.end(JSON.stringify(answer))
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
