import { type Effect, type LookupOutcome, startMenu, step } from './engine.ts'
import type { Menu } from './menu.ts'
import { fillPrompt } from './prompt.ts'

export interface MenuSimulation {
  /** What is pressed at each question, in turn; an empty text says nothing. */
  answers: readonly string[]
  /** What each lookup comes to, in turn; the last one again where there are more. */
  outcomes: readonly LookupOutcome[]
}
/** Questions of a menu that asks for ever end here: a caller who says nothing is bidden goodbye long before. */
const eventsMax = 1000

/** A call without a phone: what is said, pressed and done, line by line. Whoever has no answer left says nothing. */
export function simulateMenu(menu: Menu, { answers, outcomes }: MenuSimulation): string[] {
  const lines: string[] = []
  let asked = 0
  let lookups = 0
  let { state, effects } = startMenu(menu)
  const handle = (event: Parameters<typeof step>[2]) => {
    ;({ state, effects } = step(menu, state, event))
    lines.push(...effects.flatMap((effect) => told(menu, effect)))
  }
  lines.push(...effects.flatMap((effect) => told(menu, effect)))
  for (let n = 0; n < eventsMax && !state.over; n++) {
    if (effects.some(({ type }) => type === 'look-up')) {
      const outcome = outcomes[Math.min(lookups, outcomes.length - 1)] ?? { kind: 'unavailable' }
      lookups += 1
      lines.push(`  answered: ${outcome.kind}`)
      handle({ type: 'looked-up', outcome })
    } else if (state.playing > 0) handle({ type: 'played' })
    else {
      const answer = answers[asked] ?? ''
      asked += 1
      lines.push(answer === '' ? '  pressed: nothing' : `  pressed: ${answer}`)
      for (const digit of answer) if (menu.nodes[state.node]?.kind === 'ask') handle({ type: 'digit', digit })
      // An answer that is not over by itself is over when the caller has paused.
      if (menu.nodes[state.node]?.kind === 'ask' && state.playing === 0) handle({ type: 'timer', timer: 'digit' })
    }
  }
  return lines
}

function told(menu: Menu, effect: Effect): string[] {
  switch (effect.type) {
    case 'play':
      return [
        `says: ${fillPrompt(menu, effect.prompt, effect.fields)
          .map((part) => ('text' in part ? part.text : `(${part.sound})`))
          .join(' ')}`,
      ]
    case 'look-up':
      return [`looks up: ${effect.matricule}${effect.pin ? ' with a PIN' : ''}`]
    case 'dial':
      return [`goes on: ${effect.extension} in ${effect.context}`]
    case 'hang-up':
      return ['hangs up']
    default:
      return []
  }
}
