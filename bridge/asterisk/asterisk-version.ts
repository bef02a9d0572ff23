import * as v from 'valibot'
import type { AriRequests } from './ari-connection.ts'

const Info = v.looseObject({ system: v.looseObject({ version: v.string() }) })

/** Returns the version that Asterisk gives, such as `22.4.1`. Throws an error of ARI, or of valibot if the answer is not that of ARI. */
export async function asteriskVersion(requests: Pick<AriRequests, 'get'>, signal: AbortSignal): Promise<string> {
  return v.parse(Info, await requests.get('/asterisk/info', signal)).system.version
}
