import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Effect, type MenuEvent, type MenuState, startMenu, step } from '../../bridge/menus/engine.ts'
import { fillPrompt } from '../../bridge/menus/prompt.ts'
import { menuOf } from '../support/menus.ts'

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

/** The call as one line: what was said, asked and done, in order. */
function run(extension: string, events: MenuEvent[]): { told: string[]; state: MenuState } {
  const menu = menuOf(extension)
  let { state, effects } = startMenu(menu)
  const told = effects.map(tell)
  for (const event of events) {
    ;({ state, effects } = step(menu, state, event))
    told.push(...effects.map(tell))
  }
  return { told, state }
}

function tell(effect: Effect): string {
  if (effect.type === 'play') return `play ${effect.prompt}`
  if (effect.type === 'set') return `set ${effect.timer} ${effect.ms}`
  if (effect.type === 'clear') return `clear ${effect.timer}`
  if (effect.type === 'look-up') return `look up ${effect.matricule}`
  if (effect.type === 'dial') return `dial ${effect.extension}@${effect.context}`
  return effect.type
}
const spoken = (told: string[]) => told.filter((line) => !/^(set|clear) /.test(line))

test('514 asks, stops at the first digit, looks up, plays the sound and the sentence, and hangs up', () => {
  const { told, state } = run('514', [played, ...digit('137#'), found(15.25, 'bien'), played, played])
  expect(told).toEqual([
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

test('a mark below the first threshold has the sound of failure', () => {
  expect(spoken(run('514', [played, ...digit('137#'), found(4, 'échec')]).told).at(-1)).toBe('play failure')
  const parts = fillPrompt(menuOf('514'), 'failure', { matricule: '137', note: '4', mention: 'échec' })
  expect(parts).toEqual([
    { sound: 'failure' },
    ...['Étudiant', 'un', 'trois', 'sept', '. Votre note :', 'quatre', 'échec'].map((text) => ({ text })),
  ])
})

test('an unknown number may try again, and a locked one may not', () => {
  expect(spoken(run('514', [played, ...digit('999#'), outcome('unknown'), played]).told).slice(-2)).toEqual([
    'play unknown',
    'play enter-number',
  ])
  expect(spoken(run('514', [played, ...digit('999#'), outcome('locked'), played, played]).told).slice(-3)).toEqual([
    'play locked',
    'play bye',
    'hang-up',
  ])
})

test('a slow cloud is covered by a filler, and after four seconds by an apology and the dial plan', () => {
  const { told } = run('514', [played, ...digit('137#'), timer('filler'), played, timer('give-up'), played])
  expect(told.slice(-6)).toEqual([
    'play one-moment',
    'set filler 1500',
    'clear filler',
    'clear give-up',
    'play sorry',
    'dial 514@menu-fallback',
  ])
})

test('an answer that comes while the filler speaks stops it, and one that comes after the apology is not heard', () => {
  const { told } = run('514', [played, ...digit('137#'), timer('filler'), found(12, 'bien')])
  expect(told.slice(-2)).toEqual(['stop', 'play success'])
  const late = run('514', [played, ...digit('137#'), timer('give-up'), found(12, 'bien')])
  expect(spoken(late.told)).not.toContain('play success')
})

test('a caller who says nothing is asked three times and then bidden goodbye', () => {
  const silence: MenuEvent[] = [played, timer('digit')]
  const { told } = run('514', [played, ...silence, played, ...silence, played, ...silence, played])
  expect(spoken(told)).toEqual([
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

test('# ends a number, too few digits before it are a try, and * begins anew', () => {
  const { told } = run('514', [played, played, ...digit('12#')])
  expect(spoken(told).slice(-2)).toEqual(['play not-understood', 'play enter-number'])
  expect(run('514', [played, played, ...digit('12*137#')]).told).toContain('look up 137')
})

test('digits between which too much time passes are too few', () => {
  const { told } = run('514', [played, played, ...digit('12'), timer('digit')])
  expect(spoken(told).slice(-2)).toEqual(['play not-understood', 'play enter-number'])
})

test('keys that no telephone has change nothing', () => {
  const { told } = run('514', [played, played, ...digit('A1B3CC7D'), ...digit('AD#')])
  expect(spoken(told)).toEqual(spoken(run('514', [played, played, ...digit('137#')]).told))
  expect(told).toContain('look up 137')
})

test('a question without barge-in hears no digit before its end', () => {
  const menu = structuredClone(menuOf('514'))
  const node = menu.nodes['number']
  if (node?.kind !== 'ask') throw new Error('514 has changed')
  node.bargeIn = false
  const start = step(menu, startMenu(menu).state, played).state
  expect(step(menu, start, { type: 'digit', digit: '1' })).toEqual({ state: start, effects: [] })
  const after = step(menu, start, played).state
  expect(step(menu, after, { type: 'digit', digit: '1' }).state.digits).toBe('1')
})

test('999 leads to the marks and to the office, and asks again for anything else', () => {
  expect(run('999', digit('1')).told.at(-1)).toBe('dial 514@internes')
  expect(run('999', digit('2')).told.at(-1)).toBe('dial 60@internes')
  expect(spoken(run('999', [...digit('7'), played]).told).slice(-2)).toEqual(['play not-understood', 'play choices'])
})

test('whatever happens in whatever order, a call in a menu waits for something or is over, and hanging up ends it', () => {
  const anyEvent = fc.oneof(
    fc.constantFrom(...'0123456789*#ABCD').map((one): MenuEvent => ({ type: 'digit', digit: one })),
    fc.constantFrom<MenuEvent>(played, timer('digit'), timer('filler'), timer('give-up'), found(12, 'bien')),
    fc.constantFrom<MenuEvent>(outcome('unknown'), outcome('locked'), outcome('unavailable')),
  )
  fc.assert(
    fc.property(fc.constantFrom('514', '999'), fc.array(anyEvent, { maxLength: 60 }), (extension, events) => {
      const { state, told } = run(extension, events)
      expect(state.playing).toBeGreaterThanOrEqual(0)
      expect(told.filter((line) => /^(hang-up|dial)/.test(line)).length).toBe(state.over ? 1 : 0)
      const menu = menuOf(extension)
      const after = step(menu, state, { type: 'hung-up' }).state
      expect(after.over).toBe(true)
      expect(step(menu, after, played).effects).toEqual([])
    }),
    { numRuns: 500 },
  )
})

test('a call that waits for nobody is never left in silence: a prompt, a timer or a look-up is under way', () => {
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
        // An event that nothing under way could cause is not one of this call.
        if (event.type === 'timer' && !timers.delete(event.timer)) continue
        if (event.type === 'played' && state.playing === 0) continue
        if (event.type === 'looked-up' && menu.nodes[state.node]?.kind !== 'look-up') continue
        ;({ state, effects } = step(menu, state, event))
        follow()
        expect(state.over || state.playing > 0 || timers.size > 0, JSON.stringify(state)).toBe(true)
      }
    }),
    { numRuns: 500 },
  )
})
