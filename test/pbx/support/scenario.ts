import type { Fields } from '../../../bridge/menus/engine.ts'
import type { Menu } from '../../../bridge/menus/menu.ts'
import { menuOf } from '../../support/menus.ts'
import type { Expected } from './expected-sounds.ts'
import type { MenuCaller } from './menu-caller.ts'
import type { MenuWorld } from './menu-world.ts'

/** A call to a menu. */
export interface Scenario {
  name: string
  to?: string
  /** What the caller does. */
  act(caller: MenuCaller): Promise<void>
  /** All that the caller hears, from the answer to the end of the call; not compared if absent. */
  hears?: readonly Expected[]
}

export const grades = menuOf('514')
export const welcome = menuOf('999')

/** A prompt that is heard to its end. */
export const whole = (prompt: string, fields: Fields = {}, menu: Menu = grades): Expected => ({ menu, prompt, fields })
/** A prompt that may be ended after it began. */
export const cut = (prompt: string, fields: Fields = {}, menu: Menu = grades): Expected => {
  return { menu, prompt, fields, isCut: true }
}

/** The prompt that a caller hears only if the lookup takes longer than 1.5 s. */
export const maybeOneMoment: Expected = { menu: grades, prompt: 'one-moment', isCut: true, isOptional: true }

/** Enters student number and PIN as soon as each is asked for. */
export async function asks(caller: MenuCaller, matricule: string, pin = ''): Promise<void> {
  await caller.enters(grades, 'enter-number', matricule)
  await caller.enters(grades, 'enter-pin', `${pin}#`)
}

/** The two questions that `asks` answers. */
export const questions: readonly Expected[] = [cut('enter-number'), cut('enter-pin')]

export function result(matricule: string, note: number, mention: string): Expected {
  return whole(mention === 'échec' ? 'failure' : 'success', { matricule, note: String(note), mention })
}

/** What the dial plan plays where no bridge serves the menu. */
export const fallback: Expected = { asterisk: ['im-sorry', 'please-try-call-later', 'goodbye'] }

/** Makes a call to its end. */
export async function make({ to = '514', act }: Scenario, world: MenuWorld): Promise<MenuCaller> {
  const caller = await world.dial(to)
  await act(caller)
  await caller.call.ended
  return caller
}

/**
 * Makes all calls, `atOnce` of them at the same time. None is compared before the last has ended, because a comparison takes
 * a processor from the calls that still run.
 */
export async function makeAll(
  scenarios: readonly Scenario[],
  world: MenuWorld,
  atOnce = scenarios.length,
): Promise<Map<string, PromiseSettledResult<MenuCaller>>> {
  const calls = new Map<string, PromiseSettledResult<MenuCaller>>()
  const left = [...scenarios]
  const makeNext = async (): Promise<void> => {
    const scenario = left.shift()
    if (!scenario) return
    const [call] = await Promise.allSettled([make(scenario, world)])
    calls.set(scenario.name, call)
    return makeNext()
  }
  await Promise.all(Array.from({ length: atOnce }, makeNext))
  return calls
}

/** Returns what was not heard as expected, in words. */
export async function faultsOf(
  { hears }: Scenario,
  call: PromiseSettledResult<MenuCaller> | undefined,
): Promise<string[]> {
  if (!call) return ['the call was never made']
  if (call.status === 'rejected') return [String(call.reason)]
  return hears ? call.value.faults(hears) : []
}

/** Makes one call and compares it. */
export async function play(scenario: Scenario, world: MenuWorld): Promise<string[]> {
  return faultsOf(scenario, { status: 'fulfilled', value: await make(scenario, world) })
}
