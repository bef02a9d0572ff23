import type { SQSEvent } from 'aws-lambda'
import * as v from 'valibot'
import { config } from '../../config.ts'
import { socketPosting } from '../../gateways/sockets.ts'
import { logOutcome } from '../../log.ts'
import { ConnectionStore } from '../../stores/connections.ts'
import { documentClient } from '../../stores/table.ts'
import { Chunk, postAll } from './post-all.ts'

const env = config('TABLE_LIVE', 'SOCKET_ENDPOINT')
const connections = new ConnectionStore(documentClient(), env.TABLE_LIVE)
const posting = { ...socketPosting(env.SOCKET_ENDPOINT), connections }

/** Handles the `fan-out` queue: posts to a chunk of a large site's subscribers. A client that it does not reach resumes later. */
export async function handler(event: SQSEvent): Promise<void> {
  for (const { body } of event.Records) {
    const { site, ids, frames } = v.parse(Chunk, JSON.parse(body))
    const started = Date.now()
    const count = await postAll(site, [{ ids, frames }], posting)
    const level = count.failed + count.unreached > 0 ? 'warn' : 'info'
    logOutcome(level, 'fan-out', { site, connections: ids.length, ms: Date.now() - started, ...count })
  }
}
