import { createPrivateKey } from 'node:crypto'
import type { EventBridgeEvent } from 'aws-lambda'
import { config } from '../../config.ts'
import { CommandQueues } from '../../gateways/command-queues.ts'
import { secrets } from '../../secrets.ts'
import { SiteDirectory } from '../../stores/site-directory.ts'
import { documentClient } from '../../stores/table.ts'
import { VerifiedDayStore } from '../../stores/verified-days.ts'
import { verifyDays } from './verify-days.ts'

const env = config('TABLE_RECORDS', 'TABLE_ACCESS', 'STAGE')
const directory = new SiteDirectory(documentClient(), env.TABLE_ACCESS)
const days = new VerifiedDayStore(documentClient(), env.TABLE_RECORDS)
const commands = new CommandQueues(env.STAGE)

/** Runs each hour. The time of the scheduled event says which hour it is. */
export async function handler(event: EventBridgeEvent<string, unknown>): Promise<void> {
  const signingKey = createPrivateKey((await secrets()).signingKey)
  await verifyDays({ directory, days, commands, signingKey, now: Date.parse(event.time) })
}
