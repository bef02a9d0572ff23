import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { renderCurlDialPlan } from '../../bridge/menus/curl-dial-plan.ts'
import type { LookupOutcome } from '../../bridge/menus/engine.ts'
import { checkMenu } from '../../bridge/menus/menu-check.ts'
import { simulateMenu } from '../../bridge/menus/menu-simulation.ts'
import { shippedMenus } from '../../bridge/menus/shipped.ts'
import { honourOf, usualScale } from '../../contracts/grades.ts'
import { UsageError } from '../config.ts'

export const usage = `switchhook menu test MENU [--press KEYS ...] [--mark 15.25] [--lookup unknown|locked|closed|unavailable]
    MENU     514, 999 or a JSON file; each fault is told with its place
    --press  what the caller presses at each question, in turn: --press 137 --press '#'
    --mark   what the lookup finds; without it, and without --lookup, 12.5
switchhook menu dialplan --api URL --site S --sounds FOLDER
    prints 514 as a dial plan that asks by CURL(), for an Asterisk without Stasis, and makes its sounds in FOLDER`

const outcomes = ['unknown', 'locked', 'closed', 'unavailable'] as const

/** Exit status 0 when the menu is right and the call came to its end, 65 when the menu has faults. */
export async function run([what, ...rest]: string[]): Promise<number> {
  if (what === 'dialplan') return printDialPlan(rest)
  const [name, ...args] = rest
  if (what !== 'test' || name === undefined) throw new UsageError(usage)
  const { values } = parseArgs({
    args,
    options: {
      press: { type: 'string', multiple: true, default: [] },
      mark: { type: 'string', default: '12.5' },
      lookup: { type: 'string' },
    },
  })
  const { menu, faults } = checkMenu(await menuNamed(name))
  if (!menu) {
    for (const { place, reason } of faults) console.error(`${name}: ${place}: ${reason}`)
    return 65
  }
  const answers = values.press
  for (const line of simulateMenu(menu, { answers, outcomes: [outcomeOf(values.lookup, values.mark)] }))
    console.log(line)
  return 0
}

async function printDialPlan(args: string[]): Promise<number> {
  const options = { api: { type: 'string' }, site: { type: 'string' }, sounds: { type: 'string' } } as const
  const { api, site, sounds } = parseArgs({ args, options }).values
  const { menu } = checkMenu(await menuNamed('514'))
  if (!api || !site || !sounds || !menu) throw new UsageError(usage)
  console.log(await renderCurlDialPlan(menu, { api: api.replace(/\/+$/, ''), site, sounds: resolve(sounds) }))
  return 0
}

async function menuNamed(name: string): Promise<unknown> {
  const shipped = shippedMenus.find((json) => checkMenu(json).menu?.extension === name)
  if (shipped !== undefined) return shipped
  try {
    return JSON.parse(await readFile(name, 'utf8'))
  } catch (cause) {
    throw new UsageError(`${name} is no menu that comes with Switchhook, and no JSON file that can be read`, { cause })
  }
}

function outcomeOf(lookup: string | undefined, mark: string): LookupOutcome {
  const kind = outcomes.find((one) => one === lookup)
  if (kind) return { kind }
  const note = Number(mark)
  if (lookup !== undefined || !Number.isFinite(note)) throw new UsageError(usage)
  return { kind: 'found', grade: { note, mention: honourOf(note, usualScale) } }
}
