import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { InvalidArgumentError, Option } from '@commander-js/extra-typings'
import { renderCurlDialPlan } from '../../bridge/menus/curl-dial-plan.ts'
import type { LookupOutcome } from '../../bridge/menus/engine.ts'
import type { Menu } from '../../bridge/menus/menu.ts'
import { checkMenu } from '../../bridge/menus/menu-check.ts'
import { simulateMenu } from '../../bridge/menus/menu-simulation.ts'
import { shippedMenus } from '../../bridge/menus/shipped.ts'
import { honourOf, usualScale } from '../../contracts/grades.ts'
import type { SetStatus } from '../exit-status.ts'
import { type AnyCommand, examples, UsageError, webAddress } from '../options.ts'

const lookupOption = new Option('--lookup <outcome>', 'lookup that finds no mark')
  .choices(['unknown', 'locked', 'closed', 'unavailable'])
  .conflicts('mark')

const testExamples = ["menu test 514 --press 137 --press '#' --mark 15.25", 'menu test my-menu.json']

export function addMenuCommand(program: AnyCommand, setStatus: SetStatus): void {
  const menus = program
    .command('menu')
    .description('test voice menus without a phone, or run them without the bridge')
    .addHelpText('after', examples(...testExamples))
  menus
    .command('test')
    .description('check a menu, then print a simulated call line by line')
    .argument('<menu>', '514 or 999, which come with Switchhook, or a JSON file')
    .option('--press <keys>', 'keys that the caller presses at the next question; repeat it', appended, [])
    .option('--mark <mark>', 'mark that the lookup finds (default: 12.5)', mark)
    .addOption(lookupOption)
    .addHelpText('after', examples(...testExamples))
    .addHelpText('after', '\nExits with 65 if the menu has faults, and prints each with its place.')
    .action(async (name, { press, mark, lookup }) => {
      const { menu, faults } = checkMenu(await readMenu(name))
      if (!menu) {
        for (const { place, reason } of faults) console.error(`${name}: ${place}: ${reason}`)
        return setStatus(65)
      }
      const outcome = lookup ? { kind: lookup } : found(mark ?? 12.5)
      for (const line of simulateMenu(menu, { answers: press, outcomes: [outcome] })) console.log(line)
    })
  menus
    .command('dialplan')
    .description('print menu 514 as a dial plan that looks marks up with CURL(), for an Asterisk without Stasis')
    .requiredOption('--api <url>', 'address of the API', webAddress)
    .requiredOption('--site <site>', 'site of the marks')
    .requiredOption('--sounds <folder>', 'folder to write the spoken prompts to')
    .addHelpText(
      'after',
      examples('menu dialplan --api https://api.example.com --site office --sounds /var/lib/asterisk/sounds/514'),
    )
    .action(async ({ api, site, sounds }) => {
      console.log(await renderCurlDialPlan(gradesMenu(), { api, site, sounds: resolve(sounds) }))
    })
}

function appended(keys: string, earlier: string[]): string[] {
  return [...earlier, keys]
}

function mark(text: string): number {
  if (text.trim() === '' || !Number.isFinite(Number(text)))
    throw new InvalidArgumentError('Expected a number, for example 15.25')
  return Number(text)
}

function found(note: number): LookupOutcome {
  return { kind: 'found', grade: { note, mention: honourOf(note, usualScale) } }
}

function gradesMenu(): Menu {
  const menu = shippedMenus.map((json) => checkMenu(json).menu).find((one) => one?.extension === '514')
  if (!menu) throw new Error('Menu 514 is not among the shipped menus.')
  return menu
}

async function readMenu(name: string): Promise<unknown> {
  const shipped = shippedMenus.find((json) => checkMenu(json).menu?.extension === name)
  if (shipped !== undefined) return shipped
  try {
    return JSON.parse(await readFile(name, 'utf8'))
  } catch (cause) {
    throw new UsageError(`${name} is neither a menu that comes with Switchhook nor a readable JSON file.`, { cause })
  }
}
