import type { Grade } from '../../contracts/grades.ts'
import type { AskNode, LookUpNode, Menu } from './menu.ts'

/**
 * What happens to a call in a menu. `timer` is one that the engine set and nothing has cleared since; `played` is the end
 * of a prompt that was not stopped.
 */
export type MenuEvent =
  | { type: 'digit'; digit: string }
  | { type: 'played' }
  | { type: 'timer'; timer: Timer }
  | { type: 'looked-up'; outcome: LookupOutcome }
  | { type: 'hung-up' }
export type LookupOutcome =
  | { kind: 'found'; grade: Pick<Grade, 'note' | 'mention'> }
  | { kind: 'unknown' | 'locked' | 'closed' | 'unavailable' }
export type Timer = 'digit' | 'filler' | 'give-up'

/** What is to be done, in this order. A `play` follows the one under way, if it was not stopped. */
export type Effect =
  | { type: 'play'; prompt: string; fields: Fields }
  | { type: 'stop' }
  | { type: 'set'; timer: Timer; ms: number }
  | { type: 'clear'; timer: Timer }
  | { type: 'look-up'; matricule: string; pin: string | undefined }
  | { type: 'dial'; context: string; extension: string }
  | { type: 'hang-up' }
export type Fields = Readonly<Record<string, string>>

/** Where a caller is. Plain data: it can be printed in a test and holds no timer and no socket. */
export interface MenuState {
  node: string
  fields: Fields
  digits: string
  triesLeft: number
  /** Prompts begun and not yet ended; digits are waited for from 0 on. */
  playing: number
  over: boolean
}
export interface Step {
  state: MenuState
  effects: Effect[]
}

/** Silence that a waiting caller bears before something is said. */
export const fillerMs = 1500
/** After this the menu apologises, whatever the cloud still does. */
export const giveUpMs = 4000
/** Nodes passed in one step: the menu's check leaves no circle without a question, so the longest path is its nodes. */
const stepsMax = 200

export function startMenu(menu: Menu): Step {
  const state: MenuState = { node: menu.start, fields: {}, digits: '', triesLeft: 0, playing: 0, over: false }
  return enter(menu, state, menu.start, [])
}

/** What comes after an event. A stray one, such as a digit while a sentence is said, changes nothing. */
export function step(menu: Menu, state: MenuState, event: MenuEvent): Step {
  if (state.over) return { state, effects: [] }
  if (event.type === 'hung-up') return { state: { ...state, over: true }, effects: clearAll }
  const node = menu.nodes[state.node]
  if (node?.kind === 'ask') return ask(menu, node, state, event)
  if (node?.kind === 'look-up') return lookUp(menu, node, state, event)
  if (node?.kind === 'say' && event.type === 'played') {
    const playing = state.playing - 1
    return playing > 0 ? stay({ ...state, playing }) : enter(menu, { ...state, playing: 0 }, node.next, [])
  }
  return stay(state)
}

const clearAll: Effect[] = (['digit', 'filler', 'give-up'] as const).map((timer) => ({ type: 'clear', timer }))

function stay(state: MenuState, effects: Effect[] = []): Step {
  return { state, effects }
}

function enter(menu: Menu, from: MenuState, name: string, before: Effect[]): Step {
  const effects = [...before]
  let at = name
  for (let n = 0; n < stepsMax; n++) {
    const node = menu.nodes[at]
    const state = { ...from, node: at, digits: '' }
    switch (node?.kind) {
      case 'say':
        effects.push({ type: 'play', prompt: node.prompt, fields: state.fields })
        return { state: { ...state, playing: from.playing + 1 }, effects }
      case 'ask':
        effects.push({ type: 'play', prompt: node.prompt, fields: state.fields })
        return { state: { ...state, playing: from.playing + 1, triesLeft: node.tries - 1 }, effects }
      case 'look-up': {
        const pin = node.pin === undefined ? undefined : state.fields[node.pin]
        effects.push(
          { type: 'look-up', matricule: state.fields[node.matricule] ?? '', pin },
          { type: 'set', timer: 'filler', ms: fillerMs },
          { type: 'set', timer: 'give-up', ms: giveUpMs },
        )
        return { state, effects }
      }
      case 'branch':
        at = node.cases[state.fields[node.on] ?? ''] ?? node.otherwise
        break
      case 'dial':
        effects.push({ type: 'dial', context: node.context, extension: node.extension })
        return { state: { ...state, over: true }, effects }
      default:
        effects.push({ type: 'hang-up' })
        return { state: { ...state, over: true }, effects }
    }
  }
  return { state: { ...from, over: true }, effects: [...effects, { type: 'hang-up' }] }
}

/** A to D, which a line may carry but no telephone has, are part of no number. */
const keypad = /^[0-9*#]$/

function ask(menu: Menu, node: AskNode, state: MenuState, event: MenuEvent): Step {
  if (event.type === 'played') {
    const playing = Math.max(0, state.playing - 1)
    const waits = playing === 0 && state.digits === ''
    return stay({ ...state, playing }, waits ? [{ type: 'set', timer: 'digit', ms: node.firstDigitMs }] : [])
  }
  if (event.type === 'timer' && event.timer === 'digit') {
    return state.digits.length >= node.min ? take(menu, node, state) : again(menu, node, state)
  }
  if (event.type !== 'digit' || !keypad.test(event.digit) || (state.playing > 0 && !node.bargeIn)) return stay(state)
  const stop: Effect[] = state.playing > 0 ? [{ type: 'stop' }] : []
  const heard = { ...state, playing: 0 }
  const next: Effect = { type: 'set', timer: 'digit', ms: node.interDigitMs }
  if (event.digit === '*') return stay({ ...heard, digits: '' }, [...stop, { ...next, ms: node.firstDigitMs }])
  if (event.digit === '#') {
    const ended = heard.digits.length >= node.min ? take(menu, node, heard) : again(menu, node, heard)
    return { ...ended, effects: [...stop, ...ended.effects] }
  }
  const digits = heard.digits + event.digit
  if (digits.length < node.max) return stay({ ...heard, digits }, [...stop, next])
  const taken = take(menu, node, { ...heard, digits })
  return { ...taken, effects: [...stop, ...taken.effects] }
}

function take(menu: Menu, node: AskNode, state: MenuState): Step {
  const fields = { ...state.fields, [node.into]: state.digits }
  return enter(menu, { ...state, fields }, node.next, [{ type: 'clear', timer: 'digit' }])
}

function again(menu: Menu, node: AskNode, state: MenuState): Step {
  const clear: Effect = { type: 'clear', timer: 'digit' }
  if (state.triesLeft === 0) return enter(menu, state, node.failed, [clear])
  const { fields } = state
  return stay({ ...state, digits: '', triesLeft: state.triesLeft - 1, playing: state.playing + 2 }, [
    clear,
    { type: 'play', prompt: node.again, fields },
    { type: 'play', prompt: node.prompt, fields },
  ])
}

function lookUp(menu: Menu, node: LookUpNode, state: MenuState, event: MenuEvent): Step {
  const sayFiller = (): Step =>
    stay({ ...state, playing: 1 }, [{ type: 'play', prompt: node.filler, fields: state.fields }])
  if (event.type === 'timer' && event.timer === 'filler') return sayFiller()
  if (event.type === 'played') return stay({ ...state, playing: 0 }, [{ type: 'set', timer: 'filler', ms: fillerMs }])
  if (event.type === 'timer' && event.timer === 'give-up') return end(menu, node, state, { kind: 'unavailable' })
  if (event.type === 'looked-up') return end(menu, node, state, event.outcome)
  return stay(state)
}

function end(menu: Menu, node: LookUpNode, state: MenuState, outcome: LookupOutcome): Step {
  const effects: Effect[] = [
    { type: 'clear', timer: 'filler' },
    { type: 'clear', timer: 'give-up' },
  ]
  if (state.playing > 0) effects.push({ type: 'stop' })
  const found: Fields =
    outcome.kind === 'found' ? { note: String(outcome.grade.note), mention: outcome.grade.mention } : {}
  // What a failure has its own sound for: a branch asks this field.
  const honour: Fields =
    outcome.kind === 'found' ? { honour: outcome.grade.mention === 'échec' ? 'failure' : 'success' } : {}
  const fields = { ...state.fields, ...found, ...honour }
  return enter(menu, { ...state, fields, playing: 0 }, node[outcome.kind], effects)
}
