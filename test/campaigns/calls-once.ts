import { parseArgs } from 'node:util'
import { type Stack, startStack } from '../pbx/support/stack.ts'
import { Random } from '../support/random.ts'
import { type Asked, CallBatches } from './calls-once/batches.ts'
import { killedAt, points } from './calls-once/points.ts'

/** Longer than the bridge needs for a batch of commands. */
const succeedMs = 300
/**
 * A bridge marks a call's end as sent 5 s after it. A bridge that never runs for 5 s sends all ends again at each start, so each
 * round takes longer. Every fifth successor therefore runs for that long.
 */
const roundsToRest = 5
const restMs = 6_000

/**
 * Goal: an idempotency key rings its phone once or not at all and gets a true result, with duplicate, reordered and retried
 * deliveries and kills. Method: calls are requested while the bridge is down, each one to three times with its key. All
 * commands in its queue are duplicated, shuffled and sent again. The bridge is started and killed at a point of the command
 * path: at a write or sync of its state, or after a time; its successor continues. The phones belong to a second Asterisk;
 * they are busy and count their calls, and the PBX's CDR file shows for which call.
 *
 * `npm run campaign -- calls-once [--kills 100] [--calls 500] [--away 30]`: `away` is how many seconds the
 * bridge is down at the end. 30 is twice the deadline of a command and half of its retention in SQS, so the bridge still
 * receives the commands; after 600 they are gone.
 */
export async function main(args: string[]): Promise<void> {
  const options = {
    kills: { type: 'string', default: '100' },
    calls: { type: 'string', default: '500' },
    away: { type: 'string', default: '30' },
  } as const
  const { values } = parseArgs({ args, options })
  const kills = Number(values.kills)
  await using it = await startStack()
  const batches = await CallBatches.open(it, new Random(7))
  const reached = new Map<string, number>()
  for (const [n, point] of points(kills).entries()) {
    await it.bridge.kill()
    await batches.place(Math.ceil((Number(values.calls) * (n + 1)) / kills) - batches.asked.length)
    await batches.shuffleQueue()
    const died = await killedAt(it.bridge, it.bridgeFolder, point)
    // The successor does the remaining work until the next round kills it.
    await it.bridge.start()
    await new Promise((resolve) => setTimeout(resolve, (n + 1) % roundsToRest === 0 ? restMs : succeedMs))
    reached.set(point.kind, (reached.get(point.kind) ?? 0) + Number(died))
    if ((n + 1) % 10 === 0)
      console.log(`${n + 1} kills, ${batches.asked.length} calls, ${it.pbx.phones.rings.length} rings`)
  }
  await it.bridge.kill()
  await it.bridge.start()
  await batches.allEnded()
  const results = await judge(it, batches.asked)
  console.log(`died at ${[...reached].map(([kind, count]) => `${count} ${kind}`).join(', ')} of ${kills} points`)
  console.log(`${batches.posts} requests, ${batches.resent} commands for ${batches.asked.length} calls`, results)
  const late = await comeBackLate(it, batches, Number(values.away))
  console.log(`away for ${values.away} s with ${late} calls asked for: 0 late rings`)
}

/** Throws if a call rang twice, or rang although its result says that it did not. */
async function judge(it: Stack, asked: readonly Asked[]): Promise<Record<string, number>> {
  const rows = await it.pbx.allRecords()
  const rung = new Map<string, number>()
  for (const { linkedid } of rows) rung.set(String(linkedid), (rung.get(String(linkedid)) ?? 0) + 1)
  const results: Record<string, number> = {}
  const wrong: string[] = []
  for (const { call, result = '', isCancelled } of asked) {
    const times = rung.get(call) ?? 0
    const honest = times === 0 ? /^(expired|cancelled|unknown|failed)$/ : /^(busy|unknown)$/
    const isHonest = honest.test(result) || (times === 1 && isCancelled && result === 'cancelled')
    if (times > 1 || !isHonest) wrong.push(`${call} was rung ${times} times and is ${result}`)
    const kind = `${result}, rung ${times}`
    results[kind] = (results[kind] ?? 0) + 1
  }
  const counted = it.pbx.phones.rings.length
  const recorded = asked.reduce((sum, { call }) => sum + (rung.get(call) ?? 0), 0)
  if (counted !== recorded) wrong.push(`the phones counted ${counted} calls, the PBX recorded ${recorded}`)
  if (wrong.length > 0) throw new Error(wrong.join('; '))
  return results
}

/** Stops the bridge, places calls before the cloud notices, and starts it again after the calls' deadline. */
async function comeBackLate(it: Stack, batches: CallBatches, awaySeconds: number): Promise<number> {
  const before = it.pbx.phones.rings.length
  const late = 20
  await it.bridge.kill()
  await batches.place(late)
  await new Promise((resolve) => setTimeout(resolve, awaySeconds * 1_000))
  await it.bridge.start()
  await batches.allEnded()
  const told = batches.asked.slice(-late).filter(({ result }) => result !== 'expired' && result !== 'unknown')
  const results = told.filter(({ isCancelled, result }) => !(isCancelled && result === 'cancelled'))
  const rings = it.pbx.phones.rings.length - before
  if (rings > 0 || results.length > 0) throw new Error(`${rings} late rings; ${JSON.stringify(results)}`)
  return late
}
