import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { honours } from '../../contracts/grades.ts'
import type { SiteId } from '../../contracts/names.ts'
import type { Language } from '../../contracts/spoken-mark.ts'
import { sayDigits, sayHonour, sayNumber } from '../../contracts/spoken-mark.ts'
import { diallingLink } from '../asterisk/ari-socket.ts'
import { exitStatus, FatalError } from '../failure.ts'
import type { Counters } from '../operate/counters.ts'
import { describeError, type Log } from '../operate/log.ts'
import { gradeLookup } from './grade-lookup.ts'
import type { Menu, Part } from './menu.ts'
import { MenuApplication } from './menu-application.ts'
import { checkMenu } from './menu-check.ts'
import { fillPrompt } from './prompt.ts'
import { shippedMenus } from './shipped.ts'
import { Speech } from './speech.ts'

/** `menus` of the bridge's configuration. */
export interface MenusConfig {
  /** A site key whose one scope is `grades:lookup`. */
  key: string
  application: string
  /** Where sounds are kept; Asterisk has to be able to read it. */
  sounds?: string | undefined
  /** More menus, or others in the place of those that come with the bridge. */
  files: readonly string[]
}
interface Around {
  site: SiteId
  api?: string | undefined
  stateFolder: string
  ari: { url: string; user: string; password: string }
}
export interface MenuRunner {
  /** Ends when the signal aborts. Without a synthesiser it ends at once: the dial plan's fallback answers then. */
  run(signal: AbortSignal): Promise<void>
}

/** Reads and checks the menus; connects nothing yet. @throws FatalError with every fault and its place */
export async function createMenuRunner(
  { key, application, sounds, files }: MenusConfig,
  { site, api, stateFolder, ari }: Around,
  { log, counters }: { log: Log; counters: Counters },
): Promise<MenuRunner> {
  if (api === undefined) throw wrong('menus need api: it is there after enrolment')
  const menus = new Map<string, Menu>()
  for (const [name, json] of [...shippedMenus.map((json): Named => ['shipped', json]), ...(await readAll(files))]) {
    const { menu, faults } = checkMenu(json)
    if (!menu) throw wrong(`the menu ${name} is wrong: ${faults.map((f) => `${f.place} ${f.reason}`).join('; ')}`)
    menus.set(menu.extension, menu)
  }
  const speech = new Speech(sounds ?? join(stateFolder, 'sounds'))
  const link = diallingLink({ ...ari, application, subscribeAll: false })
  const lookUp = gradeLookup({ api, site, key }, counters)
  const running = new MenuApplication({ link, application, menus, speech, lookUp, log, counters })
  return {
    async run(signal) {
      try {
        await speech.start()
        for (const menu of menus.values()) await speech.prepare(staticParts(menu), menu.language, signal)
      } catch (error) {
        log.error('menus without speech', { reason: describeError(error) })
        return
      }
      const ahead = [...new Set([...menus.values()].map((menu) => menu.language))].map((language) =>
        speech.prepare(spokenMarks(language), language, signal),
      )
      await Promise.all([running.run(signal), ...ahead.map((made) => made.catch(() => counters.add('speech-failed')))])
    },
  }
}

type Named = [name: string, json: unknown]

async function readAll(files: readonly string[]): Promise<Named[]> {
  return Promise.all(
    files.map(async (file): Promise<Named> => {
      try {
        return [file, JSON.parse(await readFile(file, 'utf8'))]
      } catch (cause) {
        throw wrong(`the menu ${file} cannot be read: ${describeError(cause)}`, cause)
      }
    }),
  )
}

function wrong(sentence: string, cause?: unknown): FatalError {
  return new FatalError('menus-invalid', exitStatus.config, sentence, { cause })
}

/** What a menu says before it knows anything of anyone, and the sound of waiting. */
export function staticParts(menu: Menu): Part[] {
  return [{ sound: 'waiting' }, ...Object.keys(menu.prompts).flatMap((prompt) => fillPrompt(menu, prompt, {}))]
}

/** Digits, honours and every quarter of a mark from 0 to 20; another mark is made when it is first said. */
export function spokenMarks(language: Language): Part[] {
  const marks = Array.from({ length: 81 }, (_, n) => sayNumber(n / 4, language))
  const digits = [...'0123456789'].map((digit) => sayDigits(digit, language))
  return [...digits, ...honours.map((honour) => sayHonour(honour, language)), ...marks].map((text) => ({ text }))
}
