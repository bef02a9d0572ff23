import type { Grade } from '../../contracts/grades.ts'
import type { AskNode, LookUpNode, Menu } from './menu.ts'

/*
 * The logic of a voice menu without telephone and timers: a step takes a state and an event, and returns the next state and
 * the effects to perform.
 */

/**
 * An event of a call in a menu. `timer`: a timer that the engine set has expired. `played`: a prompt has ended by itself. A
 * prompt that was stopped makes no event.
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

/** An action for the caller of the engine, performed in the order given. A `play` is queued behind the current prompt. */
export type Effect =
  | { type: 'play'; prompt: string; fields: Fields }
  | { type: 'stop' }
  | { type: 'set'; timer: Timer; ms: number }
  | { type: 'clear'; timer: Timer }
  | { type: 'look-up'; matricule: string; pin: string | undefined }
  | { type: 'dial'; context: string; extension: string }
  | { type: 'hang-up' }
export type Fields = Readonly<Record<string, string>>

/** The position of a caller in a menu. Plain data: it holds no timer and no socket. */
export interface MenuState {
  node: string
  /** Values of the answers given so far, and of the grade once it is found. */
  fields: Fields
  digits: string
  triesLeft: number
  /** Number of prompts playing or queued. The digit timer starts when it reaches 0. */
  playing: number
  over: boolean
}
export interface Step {
  state: MenuState
  effects: Effect[]
}

/** A lookup that takes longer is covered by a filler prompt ("one moment, please"). */
export const fillerMs = 1500
/** After this time the menu apologises and ends, even if the lookup is still running. */
export const giveUpMs = 4000
/** Limit of nodes entered in one step. checkMenu rejects loops without a question, so a path has at most as many nodes as the menu. */
const stepsMax = 200

export function startMenu(menu: Menu): Step {
  const state: MenuState = { node: menu.start, fields: {}, digits: '', triesLeft: 0, playing: 0, over: false }
  return enter(menu, state, menu.start, [])
}

/** Returns the state and effects after an event. An event that the node does not expect (a digit during `say`) is ignored. */
export function step(menu: Menu, state: MenuState, event: MenuEvent): Step {
  if (state.over) return unchanged(state)
  if (event.type === 'hung-up') return { state: { ...state, over: true }, effects: clearAllTimers }
  const node = menu.nodes[state.node]
  switch (node?.kind) {
    case 'say':
      return event.type === 'played' ? promptOfSayEnded(menu, node.next, state) : unchanged(state)
    case 'ask':
      return stepInAsk(menu, node, state, event)
    case 'look-up':
      return stepInLookUp(menu, node, state, event)
    default:
      return unchanged(state)
  }
}

const clearAllTimers: Effect[] = (['digit', 'filler', 'give-up'] as const).map((timer) => ({ type: 'clear', timer }))

function unchanged(state: MenuState): Step {
  return { state, effects: [] }
}

function promptOfSayEnded(menu: Menu, next: string, state: MenuState): Step {
  const playing = state.playing - 1
  if (playing > 0) return unchanged({ ...state, playing })
  return enter(menu, { ...state, playing: 0 }, next, [])
}

/** Enters a node, and the nodes after it that need no event, until one waits for an event or ends the call. */
function enter(menu: Menu, from: MenuState, name: string, effectsBefore: Effect[]): Step {
  const effects = [...effectsBefore]
  let current = name
  for (let entered = 0; entered < stepsMax; entered++) {
    const node = menu.nodes[current]
    const state = { ...from, node: current, digits: '' }
    switch (node?.kind) {
      case 'say':
        effects.push({ type: 'play', prompt: node.prompt, fields: state.fields })
        return { state: { ...state, playing: from.playing + 1 }, effects }
      case 'ask':
        effects.push({ type: 'play', prompt: node.prompt, fields: state.fields })
        return { state: { ...state, playing: from.playing + 1, triesLeft: node.tries - 1 }, effects }
      case 'look-up': {
        const matricule = state.fields[node.matricule] ?? ''
        const pin = node.pin === undefined ? undefined : state.fields[node.pin]
        effects.push(
          { type: 'look-up', matricule, pin },
          { type: 'set', timer: 'filler', ms: fillerMs },
          { type: 'set', timer: 'give-up', ms: giveUpMs },
        )
        return { state, effects }
      }
      case 'branch':
        current = node.cases[state.fields[node.on] ?? ''] ?? node.otherwise
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

/** The keys of a telephone. DTMF also has A to D, which no telephone sends: they are ignored. */
const keypad = /^[0-9*#]$/

function stepInAsk(menu: Menu, node: AskNode, state: MenuState, event: MenuEvent): Step {
  if (event.type === 'played') return promptOfAskEnded(node, state)
  if (event.type === 'timer' && event.timer === 'digit') return endOfDigits(menu, node, state)
  if (event.type !== 'digit' || !keypad.test(event.digit)) return unchanged(state)
  if (state.playing === 0) return digitPressed(menu, node, state, event.digit)
  if (!node.bargeIn) return unchanged(state)
  const afterDigit = digitPressed(menu, node, { ...state, playing: 0 }, event.digit)
  return { state: afterDigit.state, effects: [{ type: 'stop' }, ...afterDigit.effects] }
}

function promptOfAskEnded(node: AskNode, state: MenuState): Step {
  const playing = Math.max(0, state.playing - 1)
  const isWaiting = playing === 0 && state.digits === ''
  const effects: Effect[] = isWaiting ? [{ type: 'set', timer: 'digit', ms: node.firstDigitMs }] : []
  return { state: { ...state, playing }, effects }
}

function digitPressed(menu: Menu, node: AskNode, state: MenuState, digit: string): Step {
  if (digit === '*') {
    return { state: { ...state, digits: '' }, effects: [{ type: 'set', timer: 'digit', ms: node.firstDigitMs }] }
  }
  if (digit === '#') return endOfDigits(menu, node, state)
  const digits = state.digits + digit
  if (digits.length >= node.max) return acceptAnswer(menu, node, { ...state, digits })
  return { state: { ...state, digits }, effects: [{ type: 'set', timer: 'digit', ms: node.interDigitMs }] }
}

function endOfDigits(menu: Menu, node: AskNode, state: MenuState): Step {
  return state.digits.length >= node.min ? acceptAnswer(menu, node, state) : askAgain(menu, node, state)
}

function acceptAnswer(menu: Menu, node: AskNode, state: MenuState): Step {
  const fields = { ...state.fields, [node.into]: state.digits }
  return enter(menu, { ...state, fields }, node.next, [{ type: 'clear', timer: 'digit' }])
}

function askAgain(menu: Menu, node: AskNode, state: MenuState): Step {
  const clear: Effect = { type: 'clear', timer: 'digit' }
  if (state.triesLeft === 0) return enter(menu, state, node.failed, [clear])
  const { fields } = state
  return {
    state: { ...state, digits: '', triesLeft: state.triesLeft - 1, playing: state.playing + 2 },
    effects: [clear, { type: 'play', prompt: node.again, fields }, { type: 'play', prompt: node.prompt, fields }],
  }
}

function stepInLookUp(menu: Menu, node: LookUpNode, state: MenuState, event: MenuEvent): Step {
  if (event.type === 'looked-up') return lookUpEnded(menu, node, state, event.outcome)
  if (event.type === 'timer' && event.timer === 'give-up') {
    return lookUpEnded(menu, node, state, { kind: 'unavailable' })
  }
  if (event.type === 'timer' && event.timer === 'filler') {
    const { fields } = state
    return { state: { ...state, playing: 1 }, effects: [{ type: 'play', prompt: node.filler, fields }] }
  }
  if (event.type === 'played') {
    return { state: { ...state, playing: 0 }, effects: [{ type: 'set', timer: 'filler', ms: fillerMs }] }
  }
  return unchanged(state)
}

function lookUpEnded(menu: Menu, node: LookUpNode, state: MenuState, outcome: LookupOutcome): Step {
  const effects: Effect[] = [
    { type: 'clear', timer: 'filler' },
    { type: 'clear', timer: 'give-up' },
  ]
  if (state.playing > 0) effects.push({ type: 'stop' })
  const fields = { ...state.fields, ...fieldsOf(outcome) }
  return enter(menu, { ...state, fields, playing: 0 }, node[outcome.kind], effects)
}

function fieldsOf(outcome: LookupOutcome): Fields {
  if (outcome.kind !== 'found') return {}
  const { note, mention } = outcome.grade
  // Menus branch on `honour` to choose between the sounds of success and failure.
  return { note: String(note), mention, honour: mention === 'échec' ? 'failure' : 'success' }
}
