import type { Menu } from '../../../bridge/menus/menu.ts'
import { type Expected, type MenuCaller, shippedMenu } from './menu-caller.ts'
import type { MenuWorld } from './menu-world.ts'

/** A call to a menu: what the caller does, and all that is heard from a certain prompt on. */
export interface Scenario {
  name: string
  to?: string
  act(caller: MenuCaller): Promise<void>
  hears: Expected[]
}

export const grades = shippedMenu('514')
export const welcome = shippedMenu('999')
export const menuOf = (to: string): Menu => (to === '999' ? welcome : grades)

/** Enters student number and PIN, each at its question; barges in on both. */
export async function asks(caller: MenuCaller, matricule: string, pin = ''): Promise<void> {
  await caller.enters(grades, 'enter-number', matricule)
  await caller.enters(grades, 'enter-pin', `${pin}#`)
}

export function result(matricule: string, note: number, mention: string): Expected {
  return [mention === 'échec' ? 'failure' : 'success', { matricule, note: String(note), mention }]
}

/** What the dial plan says by itself. */
export const fallback: Expected[] = ['im-sorry', 'please-try-call-later', 'goodbye'].map((asterisk) => ({ asterisk }))

/** Makes a call to its end. */
export async function make({ to = '514', act }: Scenario, world: MenuWorld): Promise<MenuCaller> {
  const caller = await world.dial(to)
  await act(caller)
  await caller.call.ended
  return caller
}

/** What was not heard as expected, in words. */
export async function faultsOf({ to = '514', hears }: Scenario, caller: MenuCaller, world: MenuWorld) {
  return caller.faults(menuOf(to), hears, world.soundsFolder)
}

/** So many sounds are made and received in real time by two processors that have other things to do. */
const callsAtOnce = 6

/** A few calls at a time, and none compared before the last has ended: that takes a processor from who is on the line. */
export async function makeAll(
  scenarios: readonly Scenario[],
  world: MenuWorld,
  atOnce = callsAtOnce,
): Promise<Map<string, Promise<MenuCaller>>> {
  const calls = new Map<string, Promise<MenuCaller>>()
  for (let from = 0; from < scenarios.length; from += atOnce) {
    const some = scenarios.slice(from, from + atOnce)
    for (const scenario of some) calls.set(scenario.name, make(scenario, world))
    await Promise.allSettled(calls.values())
  }
  return calls
}

/**
 * The faults of a call that was made beside others, or, if it has any, of another one that has the machine for itself: sound
 * stutters where processors are busy, while a menu that says the wrong thing says it again.
 */
export async function faultsAlone(
  scenario: Scenario,
  made: Promise<MenuCaller> | undefined,
  world: MenuWorld,
): Promise<string[]> {
  const faults = await Promise.resolve(made).then(
    (caller) => (caller ? faultsOf(scenario, caller, world) : ['never made']),
    (error: unknown) => [String(error)],
  )
  return faults.length > 0 ? play(scenario, world) : faults
}

export async function play(scenario: Scenario, world: MenuWorld): Promise<string[]> {
  return faultsOf(scenario, await make(scenario, world), world)
}
