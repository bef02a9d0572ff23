import { setTimeout as sleep } from 'node:timers/promises'
import { ApiError, createApi } from '../../client/http-client.ts'
import type { ListenedRequest } from '../../contracts/listener.ts'
import { listenerRoutes } from '../../contracts/routes/listeners.ts'
import { type ConnectionOptions, siteAccess } from '../connection.ts'
import { type AnyCommand, siteCommand, webAddress } from '../options.ts'

/** A read while there is nothing takes a request; a developer sees an event within this time. */
const lookMs = 1_000
/** After an error that may pass. */
const errorMs = 5_000
const forwardMsMax = 15_000
/** Events of the last reads that come again. */
const seenMax = 10_000

export function addListenCommand(program: AnyCommand): void {
  siteCommand(
    program,
    'listen',
    'send events of a site to a program on this machine, signed as those of a webhook, until Ctrl+C',
    'listen --forward http://localhost:3000/hook',
    'listen --forward http://localhost:3000/hook --types "call.*" --json',
  )
    .requiredOption('--forward <url>', 'address that gets the events', webAddress)
    .option('--types <types>', 'types of events separated by commas (default: all)', '*')
    .action(async (options) => {
      const types = options.types.split(',').map((part: string) => part.trim())
      const stop = new AbortController()
      const end = () => stop.abort()
      process.once('SIGINT', end).once('SIGTERM', end)
      try {
        await listen(options, types, stop.signal)
      } finally {
        process.off('SIGINT', end).off('SIGTERM', end)
      }
    })
}

interface ListenOptions extends ConnectionOptions {
  forward: string
  json?: true | undefined
}

async function listen(options: ListenOptions, types: string[], signal: AbortSignal): Promise<void> {
  const api = createApi(siteAccess(options), listenerRoutes)
  const { body: made } = await api('POST /v1/sites/{site}/listeners', { body: { types } })
  const { id: listener, secret } = made
  const { forward, json } = options
  console.log(
    json
      ? JSON.stringify({ listener, secret, forward })
      : `Ready. ${types.join(', ')} to ${forward}\nSecret: ${secret}`,
  )
  const seen = new Set<string>()
  let { cursor } = made
  try {
    while (!signal.aborted) {
      let waitMs = lookMs
      try {
        const path = { listener }
        const { body } = await api('GET /v1/sites/{site}/listeners/{listener}/requests', { path, query: { cursor } })
        for (const request of body.requests) {
          if (seen.has(request.event) || signal.aborted) continue
          seen.add(request.event)
          const result = await post(forward, request, signal)
          const { time, type, event } = request
          console.log(json ? JSON.stringify({ time, type, event, ...result }) : lineOf(request, result))
        }
        cursor = body.cursor
        if (body.isMore) waitMs = 0
        for (const oldest of seen) if (seen.size > seenMax) seen.delete(oldest)
      } catch (error) {
        // A connection that is lost comes back; a listener that has ended does not.
        if (!(error instanceof ApiError && error.shouldRetry())) throw error
        console.error(`${error.message} Trying again.`)
        waitMs = errorMs
      }
      await sleep(waitMs, undefined, { signal }).catch(() => undefined)
    }
  } finally {
    await api('DELETE /v1/sites/{site}/listeners/{listener}', { path: { listener } }).catch((error: unknown) => {
      const why = error instanceof Error ? error.message : String(error)
      console.error(`The listener ends by itself in 5 minutes: ${why}`)
    })
  }
}

interface Forwarded {
  status?: number
  error?: string
  ms: number
}

/** Posts an event once. The program of a developer may be down or restarting: that is an answer like others. */
async function post(forward: string, { headers, body }: ListenedRequest, signal: AbortSignal): Promise<Forwarded> {
  const started = performance.now()
  const ms = () => Math.round(performance.now() - started)
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(forwardMsMax)])
    const response = await fetch(forward, { method: 'POST', headers, body, redirect: 'manual', signal: limit })
    await response.body?.cancel()
    return { status: response.status, ms: ms() }
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
    return { error: code || (cause instanceof Error ? cause.message : String(cause)), ms: ms() }
  }
}

function lineOf({ time, type, event }: ListenedRequest, { status, error, ms }: Forwarded): string {
  return `${time}  ${type.padEnd(18)}  ${event}  ${status ?? error} in ${ms} ms`
}
