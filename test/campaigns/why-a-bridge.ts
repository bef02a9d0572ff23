import { parseArgs } from 'node:util'
import { type Outcome, runScenario, type Scenario } from '../pbx/support/cut-links.ts'

const scenarios: Scenario[] = [
  { name: 'no cut', cutMs: 0, restarts: false },
  { name: 'a cut of 30 s', cutMs: 30_000, restarts: false },
  { name: 'a cut of 30 s in which Asterisk restarts', cutMs: 30_000, restarts: true },
  { name: 'a cut of 10 minutes', cutMs: 600_000, restarts: false },
]

/**
 * `npm run campaign -- why-a-bridge [--only NAME]`: what a cut of the line to the cloud loses, for three ways of following a
 * real Asterisk. No clock is shortened; a quarter of an hour. Throws if the bridge loses anything.
 */
export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { only: { type: 'string' } } })
  console.log('| what happens | calls | plain ARI client | outbound WebSocket alone | bridge |')
  console.log('|---|---|---|---|---|')
  for (const scenario of scenarios) {
    if (values.only !== undefined && values.only !== scenario.name) continue
    const { calls, plain, outbound, bridge } = await runScenario(scenario)
    const cells = [scenario.name, calls, told(plain), told(outbound), told(bridge)]
    console.log(`| ${cells.join(' | ')} |`)
    if (bridge.records !== calls || bridge.ends !== calls) throw new Error(`the bridge lost calls in ${scenario.name}`)
  }
}

function told({ ends, records, events }: Outcome): string {
  return `${ends} ends, ${records} records${events === undefined ? '' : `, ${events} events`}`
}
