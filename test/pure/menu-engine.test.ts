import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Effect, type MenuEvent, type MenuState, startMenu, step } from '../../bridge/menus/engine.ts'
import { fillPrompt } from '../../bridge/menus/prompt.ts'
import { menuOf } from '../support/menus.ts'
import { propertyRuns } from '../support/property.ts'

const digit = (text: string): MenuEvent[] => [...text].map((one) => ({ type: 'digit', digit: one }))
const played: MenuEvent = { type: 'played' }
const timer = (name: 'digit' | 'filler' | 'give-up'): MenuEvent => ({ type: 'timer', timer: name })
const found = (note: number, mention: 'bien' | 'échec'): MenuEvent => ({
  type: 'looked-up',
  outcome: { kind: 'found', grade: { note, mention } },
})
const outcome = (kind: 'unknown' | 'locked' | 'closed' | 'unavailable'): MenuEvent => ({
  type: 'looked-up',
  outcome: { kind },
})

/** Runs the events through the menu; returns the final state and every effect as a text. */
function run(extension: string, events: MenuEvent[]): { effects: string[]; state: MenuState } {
  const menu = menuOf(extension)
  const first = startMenu(menu)
  let { state } = first
  const effects = first.effects.map(describe)
  for (const event of events) {
    const next = step(menu, state, event)
    state = next.state
    effects.push(...next.effects.map(describe))
  }
  return { effects, state }
}

function describe(effect: Effect): string {
  if (effect.type === 'play') return `play ${effect.prompt}`
  if (effect.type === 'set') return `set ${effect.timer} ${effect.ms}`
  if (effect.type === 'clear') return `clear ${effect.timer}`
  if (effect.type === 'look-up') return `look up ${effect.matricule}`
  if (effect.type === 'dial') return `dial ${effect.extension}@${effect.context}`
  return effect.type
}
const withoutTimers = (effects: string[]) => effects.filter((line) => !/^(set|clear) /.test(line))

test('menu 514 asks for number and PIN, stops a prompt at the first digit, looks up the mark, plays it and hangs up', () => {
  const { effects, state } = run('514', [played, ...digit('137#'), found(15.25, 'bien'), played, played])
  expect(effects).toEqual([
    'play welcome',
    'play enter-number',
    'stop',
    'set digit 3000',
    'set digit 3000',
    'clear digit',
    'play enter-pin',
    'stop',
    'clear digit',
    'look up 137',
    'set filler 1500',
    'set give-up 4000',
    'clear filler',
    'clear give-up',
    'play success',
    'play bye',
    'hang-up',
  ])
  expect(state.over).toBe(true)
})

test('plays the failure sound for a mark with the honour échec', () => {
  expect(withoutTimers(run('514', [played, ...digit('137#'), found(4, 'échec')]).effects).at(-1)).toBe('play failure')
  const parts = fillPrompt(menuOf('514'), 'failure', { matricule: '137', note: '4', mention: 'échec' })
  expect(parts).toEqual([
    { sound: 'failure' },
    ...['Étudiant', 'un', 'trois', 'sept', '. Votre note :', 'quatre', 'échec'].map((text) => ({ text })),
  ])
})

test('asks again after an unknown number, and ends the call after a locked one', () => {
  expect(withoutTimers(run('514', [played, ...digit('999#'), outcome('unknown'), played]).effects).slice(-2)).toEqual([
    'play unknown',
    'play enter-number',
  ])
  expect(
    withoutTimers(run('514', [played, ...digit('999#'), outcome('locked'), played, played]).effects).slice(-3),
  ).toEqual(['play locked', 'play bye', 'hang-up'])
})

test('plays a filler during a slow lookup, and after 4 s an apology before it continues in the fallback', () => {
  const { effects } = run('514', [played, ...digit('137#'), timer('filler'), played, timer('give-up'), played])
  expect(effects.slice(-6)).toEqual([
    'play one-moment',
    'set filler 1500',
    'clear filler',
    'clear give-up',
    'play sorry',
    'dial 514@menu-fallback',
  ])
})

test('a lookup result stops the filler, and is ignored after the apology', () => {
  const { effects } = run('514', [played, ...digit('137#'), timer('filler'), found(12, 'bien')])
  expect(effects.slice(-2)).toEqual(['stop', 'play success'])
  const late = run('514', [played, ...digit('137#'), timer('give-up'), found(12, 'bien')])
  expect(withoutTimers(late.effects)).not.toContain('play success')
})

test('asks a silent caller three times, then plays the goodbye', () => {
  const silence: MenuEvent[] = [played, timer('digit')]
  const { effects } = run('514', [played, ...silence, played, ...silence, played, ...silence, played])
  expect(withoutTimers(effects)).toEqual([
    'play welcome',
    'play enter-number',
    'play not-understood',
    'play enter-number',
    'play not-understood',
    'play enter-number',
    'play bye',
    'hang-up',
  ])
})

test('# after too few digits counts as a failed try, and * clears the digits', () => {
  const { effects } = run('514', [played, played, ...digit('12#')])
  expect(withoutTimers(effects).slice(-2)).toEqual(['play not-understood', 'play enter-number'])
  expect(run('514', [played, played, ...digit('12*137#')]).effects).toContain('look up 137')
})

test('counts a failed try if the digit timer expires after too few digits', () => {
  const { effects } = run('514', [played, played, ...digit('12'), timer('digit')])
  expect(withoutTimers(effects).slice(-2)).toEqual(['play not-understood', 'play enter-number'])
})

test('ignores the DTMF digits A to D', () => {
  const { effects } = run('514', [played, played, ...digit('A1B3CC7D'), ...digit('AD#')])
  expect(withoutTimers(effects)).toEqual(withoutTimers(run('514', [played, played, ...digit('137#')]).effects))
  expect(effects).toContain('look up 137')
})

test('without barge-in, ignores digits until the prompt has ended', () => {
  const menu = structuredClone(menuOf('514'))
  const node = menu.nodes['number']
  if (node?.kind !== 'ask') throw new Error('514 has changed')
  node.bargeIn = false
  const start = step(menu, startMenu(menu).state, played).state
  expect(step(menu, start, { type: 'digit', digit: '1' })).toEqual({ state: start, effects: [] })
  const after = step(menu, start, played).state
  expect(step(menu, after, { type: 'digit', digit: '1' }).state.digits).toBe('1')
})

test('menu 999 dials 514 if the caller presses 1, 60 for 2, and asks again after any other key', () => {
  expect(run('999', digit('1')).effects.at(-1)).toBe('dial 514@internes')
  expect(run('999', digit('2')).effects.at(-1)).toBe('dial 60@internes')
  expect(withoutTimers(run('999', [...digit('7'), played]).effects).slice(-2)).toEqual([
    'play not-understood',
    'play choices',
  ])
})

test('with random events, a call that is over has dialled or hung up exactly once, and a caller who hangs up always ends it', () => {
  const anyEvent = fc.oneof(
    fc.constantFrom(...'0123456789*#ABCD').map((one): MenuEvent => ({ type: 'digit', digit: one })),
    fc.constantFrom<MenuEvent>(played, timer('digit'), timer('filler'), timer('give-up'), found(12, 'bien')),
    fc.constantFrom<MenuEvent>(outcome('unknown'), outcome('locked'), outcome('unavailable')),
  )
  fc.assert(
    fc.property(fc.constantFrom('514', '999'), fc.array(anyEvent, { maxLength: 60 }), (extension, events) => {
      const { state, effects } = run(extension, events)
      expect(state.playing).toBeGreaterThanOrEqual(0)
      expect(effects.filter((line) => /^(hang-up|dial)/.test(line)).length).toBe(state.over ? 1 : 0)
      const menu = menuOf(extension)
      const after = step(menu, state, { type: 'hung-up' }).state
      expect(after.over).toBe(true)
      expect(step(menu, after, played).effects).toEqual([])
    }),
    { numRuns: propertyRuns(300) },
  )
})

test('with random events, a call that is not over always has a prompt playing or a timer running', () => {
  const anyEvent = fc.constantFrom<MenuEvent>(...digit('137*#'), played, timer('digit'), outcome('unknown'))
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 40 }), (events) => {
      const menu = menuOf('514')
      let { state, effects } = startMenu(menu)
      const timers = new Set<string>()
      const follow = () => {
        for (const effect of effects) {
          if (effect.type === 'set') timers.add(effect.timer)
          if (effect.type === 'clear') timers.delete(effect.timer)
        }
      }
      follow()
      for (const event of events) {
        // Skip events that cannot happen now: an expired timer that was not set, the end of a prompt that does not play.
        if (event.type === 'timer' && !timers.delete(event.timer)) continue
        if (event.type === 'played' && state.playing === 0) continue
        if (event.type === 'looked-up' && menu.nodes[state.node]?.kind !== 'look-up') continue
        ;({ state, effects } = step(menu, state, event))
        follow()
        expect(state.over || state.playing > 0 || timers.size > 0, JSON.stringify(state)).toBe(true)
      }
    }),
    { numRuns: propertyRuns(300) },
  )
})
