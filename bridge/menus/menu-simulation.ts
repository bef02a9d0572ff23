import { type Effect, type LookupOutcome, type MenuEvent, startMenu, step } from './engine.ts'
import type { Menu } from './menu.ts'
import { fillPrompt } from './prompt.ts'

export interface MenuSimulation {
  /** Keys pressed at each question, in turn; an empty text, and every question after the last answer, is silence. */
  answers: readonly string[]
  /** Outcome of each lookup, in turn; the last one is repeated. */
  outcomes: readonly LookupOutcome[]
}
/** Ends the simulation of a menu that never ends. A silent caller reaches the end of a sensible menu much earlier. */
const eventsMax = 1000

/** Simulates a call without a telephone; returns what is said, pressed and done, one line each. */
export function simulateMenu(menu: Menu, { answers, outcomes }: MenuSimulation): string[] {
  const lines: string[] = []
  let questions = 0
  let lookups = 0
  let { state, effects } = startMenu(menu)
  lines.push(...describe(menu, effects))
  const handle = (event: MenuEvent) => {
    ;({ state, effects } = step(menu, state, event))
    lines.push(...describe(menu, effects))
  }
  const isAsking = () => menu.nodes[state.node]?.kind === 'ask'
  for (let events = 0; events < eventsMax && !state.over; events++) {
    if (effects.some(({ type }) => type === 'look-up')) {
      const outcome = outcomes[Math.min(lookups, outcomes.length - 1)] ?? { kind: 'unavailable' }
      lookups += 1
      lines.push(`  answered: ${outcome.kind}`)
      handle({ type: 'looked-up', outcome })
    } else if (state.playing > 0) {
      handle({ type: 'played' })
    } else {
      const answer = answers[questions] ?? ''
      questions += 1
      lines.push(answer === '' ? '  pressed: nothing' : `  pressed: ${answer}`)
      for (const digit of answer) if (isAsking()) handle({ type: 'digit', digit })
      // An answer shorter than `max` and without # ends when the digit timer expires.
      if (isAsking() && state.playing === 0) handle({ type: 'timer', timer: 'digit' })
    }
  }
  return lines
}

function describe(menu: Menu, effects: readonly Effect[]): string[] {
  return effects.flatMap((effect) => describeEffect(menu, effect) ?? [])
}

function describeEffect(menu: Menu, effect: Effect): string | undefined {
  switch (effect.type) {
    case 'play': {
      const parts = fillPrompt(menu, effect.prompt, effect.fields)
      return `says: ${parts.map((part) => ('text' in part ? part.text : `(${part.sound})`)).join(' ')}`
    }
    case 'look-up':
      return `looks up: ${effect.matricule}${effect.pin ? ' with a PIN' : ''}`
    case 'dial':
      return `goes on: ${effect.extension} in ${effect.context}`
    case 'hang-up':
      return 'hangs up'
    default:
      return undefined
  }
}
