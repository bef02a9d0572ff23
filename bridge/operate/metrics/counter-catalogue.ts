import { CallResult } from '../../../contracts/call-result.ts'
import { type CounterEntry, entry } from './counter-kinds.ts'
import { inputCounters } from './input-counters.ts'
import { outputCounters } from './output-counters.ts'

type PlacedCounterId = `command-${CallResult}`
export type CounterId = keyof typeof inputCounters | keyof typeof outputCounters | PlacedCounterId

const placed = (result: CallResult) => [
  `command-${result}`,
  entry('commands', `A call that was placed through the API ended as \`${result}\`.`),
]

/** Every counter of the bridge by its id, which is an errorId where it counts errors. `docs/operate.md` has the table. */
export const counterCatalogue: Readonly<Record<CounterId, CounterEntry>> = {
  ...inputCounters,
  ...outputCounters,
  ...Object.fromEntries(CallResult.options.map(placed)),
}

export function isCounterId(text: string): text is CounterId {
  return Object.hasOwn(counterCatalogue, text)
}
