import { setTimeout as delay } from 'node:timers/promises'
import { callLog } from '../../client/call-log.ts'
import { StartError } from './start-error.ts'

export interface ApiAccess {
  apiUrl: string
  site: string
  apiKey: string
  signal: AbortSignal
}

const waitMsMax = 30_000
const pollMs = 100

/** Makes a call, and waits until the public API lists a call detail record that it did not list before. */
export async function waitForCall(access: ApiAccess, call: () => Promise<string>): Promise<string> {
  const before = new Set((await recentCdrs(access)).map(keyOf))
  const result = await call()
  const deadline = Date.now() + waitMsMax
  while (Date.now() < deadline) {
    if ((await recentCdrs(access)).some((cdr) => !before.has(keyOf(cdr)))) return result
    await delay(pollMs, undefined, { signal: access.signal })
  }
  const message = `The first call was made but did not reach the call log within ${waitMsMax / 1000} s; see bridge.log.`
  throw new StartError('first-call-lost', message, 70)
}

async function recentCdrs({ apiUrl, site, apiKey }: ApiAccess) {
  try {
    return (await callLog({ apiUrl, site, key: apiKey }).listCdrs({ limit: 20 })).cdrs
  } catch (cause) {
    throw new StartError('api-failed', `The call log could not be read: ${String(cause)}`, 70, { cause })
  }
}

function keyOf(cdr: { uniqueid: string; sequence: number }): string {
  return `${cdr.uniqueid}/${cdr.sequence}`
}
