import { parseArgs } from 'node:util'
import { type Stack, startStack } from '../pbx/support/stack.ts'
import { Random } from '../support/random.ts'
import { type Asked, CallBatches } from './calls-once/batches.ts'
import { killedAt, points } from './calls-once/points.ts'

/** Longer than the bridge takes for a batch of commands. */
const succeedMs = 300
/**
 * A bridge notes 5 s after a call's end that it has told it. One that never lives so long tells all ends at each start, which
 * takes a round ever longer: so each fifth successor does.
 */
const roundsToRest = 5
const restMs = 6_000

/**
 * Goal: whatever is delivered twice, in another order, retried or killed, a key rings its phone once or not at all, and its
 * result is honest. Method: calls are asked for while the bridge is dead, each one to three times with its key; all that
 * is in its queue is doubled, shuffled and sent again; the bridge is started and dies at a point of the command path, a
 * write or sync of its state or a moment, and its successor finds what it left. The phones, of a second Asterisk, are busy
 * and count who calls them; the PBX's CDR file says for which call.
 *
 * `npm run campaign -- calls-once [--kills 100] [--calls 500] [--away 30]`: `away` is how long, in seconds, the bridge is
 * away in the end. 30 is twice the deadline of a command and half of the time that SQS keeps it, so the bridge finds them;
 * after 600 it finds none.
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
    // Its successor does what is left, until the next round kills it.
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

/** Throws unless each call was rung once at the most, and none that is said not to have been. */
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

/** The bridge goes, calls are asked for before anyone knows, and it comes back when their time is over. */
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
