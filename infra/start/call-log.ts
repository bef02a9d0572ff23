import { setTimeout as delay } from 'node:timers/promises'
import * as v from 'valibot'
import { CdrPage } from '../../contracts/http.ts'
import { StartError } from './start-error.ts'

export interface ApiAccess {
  apiUrl: string
  site: string
  apiKey: string
  signal: AbortSignal
}

const waitMsMax = 30_000
const lookEveryMs = 100

/** Makes a call and waits until the public API has a CDR that it had not before. */
export async function waitForCall(api: ApiAccess, call: () => Promise<string>): Promise<string> {
  const before = new Set((await recentCdrs(api)).map(keyOf))
  const said = await call()
  const deadline = Date.now() + waitMsMax
  while (Date.now() < deadline) {
    if ((await recentCdrs(api)).some((cdr) => !before.has(keyOf(cdr)))) return said
    await delay(lookEveryMs, undefined, { signal: api.signal })
  }
  const message = `The first call was made but did not reach the call log within ${waitMsMax / 1000} s; see bridge.log.`
  throw new StartError('first-call-lost', message, 70)
}

async function recentCdrs({ apiUrl, site, apiKey, signal }: ApiAccess) {
  const response = await fetch(`${apiUrl}/v1/sites/${site}/cdrs?limit=20`, {
    headers: { authorization: `Bearer ${apiKey}` },
    signal,
  })
  if (!response.ok) throw new StartError('api-failed', `The call log answered HTTP ${response.status}.`, 70)
  return v.parse(CdrPage, await response.json()).cdrs
}

function keyOf(cdr: { uniqueid: string; sequence: number }): string {
  return `${cdr.uniqueid}/${cdr.sequence}`
}
