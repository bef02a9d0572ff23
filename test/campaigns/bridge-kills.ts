import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { buildBridge } from '../../infra/build/bridge.ts'
import { eventsPerCall, flowThrough } from '../cloud/bridge-killed-writes.ts'

const flow = { calls: 233, cdrs: 2000 }

/**
 * `npm run campaign -- bridge-kills [--first 1] [--last 300]`: kills the bridge at its write N, for each N, while 2,000 CDRs and
 * 20,000 events pass through it; checks that the store equals the source each time.
 */
export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { first: { type: 'string', default: '1' }, last: { type: 'string', default: '300' } },
  })
  await buildBridge(process.cwd())
  const program = resolve('dist/bridge/switchhook-bridge.mjs')
  const [first, last] = [Number(values.first), Number(values.last)]
  let duplicates = 0
  const notKilled: number[] = []
  for (let at = first; at <= last; at += 1) {
    const result = await flowThrough({ ...flow, program }, { at, mode: at % 2 === 0 ? 'torn' : 'kill' })
    if (!result.wasKilled) notKilled.push(at)
    duplicates += result.doubles
    if (at % 25 === 0) console.log(`killed at write ${at}: ${result.cdrs} call records, ${result.messages} messages`)
  }
  console.log(
    `${last - first + 1} kills, each with ${flow.cdrs} call records and ${flow.calls * eventsPerCall} events: store equals source each time; ${duplicates} sent twice and deduplicated`,
  )
  if (notKilled.length > 0) throw new Error(`the bridge was not killed at write ${notKilled.join(', ')}`)
}
