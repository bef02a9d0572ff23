import { startCompany } from '../pbx/support/company.ts'
import { queueScenarios } from '../pbx/support/queue-scenarios.ts'
import { watchQueues } from '../pbx/support/queue-watched.ts'

/** The bridge waits up to 30 s between two attempts to connect to an Asterisk that is away. */
const afterRestartMsMax = 40_000
const equalMsMax = 1_000
const lookMs = 20

/**
 * Goal: what the bridge publishes of queues equals `queue show` within a second after each step of the scenarios.
 * Method: a real Asterisk with three queues and twelve members; the output of `queue show` is read as text.
 */
export async function main(): Promise<void> {
  await using it = await startCompany()
  await using queues = watchQueues(it.pbx)
  let steps = 0
  let longestMs = 0
  const faults: string[] = []
  const isEqualWithin = async (limitMs: number, what: string) => {
    const begun = performance.now()
    let differences = await queues.differences()
    while (differences.length > 0 && performance.now() - begun < limitMs) {
      await new Promise((resolve) => setTimeout(resolve, lookMs))
      differences = await queues.differences()
    }
    const tookMs = performance.now() - begun
    if (differences.length > 0) faults.push(`${what}: ${differences.join('; ')}`)
    return tookMs
  }
  await isEqualWithin(afterRestartMsMax, 'the first connection')
  for (const { name, steps: all } of queueScenarios) {
    for (const [n, step] of all.entries()) {
      await step(it)
      const isRestart = /restarts|unloaded/.test(name)
      const tookMs = await isEqualWithin(isRestart ? afterRestartMsMax : equalMsMax, `${name}, step ${n + 1}`)
      steps += 1
      if (!isRestart) longestMs = Math.max(longestMs, tookMs)
      console.log(`${name}, step ${n + 1}: equal after ${tookMs.toFixed(0)} ms`)
    }
  }
  const members = queues.published().reduce((sum, queue) => sum + queue.members.length, 0)
  console.log(
    `${queueScenarios.length} scenarios, ${steps} steps, ${members} members; longest ${longestMs.toFixed(0)} ms`,
  )
  if (faults.length > 0) throw new Error(faults.join('\n'))
}
