import { join } from 'node:path'
import { honours } from '../../contracts/grades.ts'
import type { SiteId } from '../../contracts/names.ts'
import { type Language, sayDigits, sayHonour, sayNumber } from '../../contracts/spoken-mark.ts'
import { diallingLink } from '../asterisk/ari-socket.ts'
import type { ComponentState } from '../operate/components.ts'
import type { Counters } from '../operate/counters.ts'
import { describeError, type Log } from '../operate/log.ts'
import { gradeLookup } from './grade-lookup.ts'
import type { Menu, Part } from './menu.ts'
import { MenuApplication } from './menu-application.ts'
import { invalidMenus, readMenus } from './menu-files.ts'
import { fillPrompt } from './prompt.ts'
import { Speech } from './speech.ts'

/** The key `menus` of the bridge's configuration. */
export interface MenusConfig {
  /** A site key with the scope `grades:lookup` alone. */
  key: string
  application: string
  /** Folder of generated sounds, which Asterisk must be able to read. Default: `sounds` in the state folder. */
  sounds?: string | undefined
  /** Menus to add to the shipped ones, or to replace them by their extension. */
  files: readonly string[]
}
interface MenuEnvironment {
  site: SiteId
  api?: string | undefined
  stateFolder: string
  ari: { url: string; user: string; password: string }
}
export interface MenuRunner {
  readonly state: ComponentState
  /** Serves menus until the signal aborts. Returns at once if speech synthesis fails: the dial plan's fallback answers then. */
  run(signal: AbortSignal): Promise<void>
}

/**
 * Reads and checks the menus; does not connect yet.
 * @throws FatalError that names every fault of a menu with its place
 */
export async function createMenuRunner(
  { key, application, sounds, files }: MenusConfig,
  { site, api, stateFolder, ari }: MenuEnvironment,
  { log, counters }: { log: Log; counters: Counters },
): Promise<MenuRunner> {
  if (api === undefined) throw invalidMenus('menus need the key api, which enrolment writes: enrol the bridge')
  const menus = await readMenus(files)
  const speech = new Speech(sounds ?? join(stateFolder, 'sounds'))
  const link = diallingLink({ ...ari, application, subscribeAll: false })
  const lookUp = gradeLookup({ api, site, key }, counters)
  const menuApplication = new MenuApplication({ link, application, menus, speech, lookUp, log, counters })
  let failure: string | undefined
  return {
    get state() {
      return failure === undefined ? menuApplication.state : { isUp: false, reason: failure }
    },
    async run(signal) {
      try {
        await speech.start()
        for (const menu of menus.values()) await speech.prepare(staticParts(menu), menu.language, signal)
      } catch (error) {
        failure = `menus are off, speech synthesis failed: ${describeError(error)}`
        log.error('menus are off: speech synthesis failed', { reason: describeError(error) })
        return
      }
      const languages = new Set([...menus.values()].map(({ language }) => language))
      const markSounds = [...languages].map((language) =>
        speech.prepare(spokenMarks(language), language, signal).catch(() => counters.add('speech-failed')),
      )
      await Promise.all([menuApplication.run(signal), ...markSounds])
    },
  }
}

/** Returns the waiting sound and all parts of a menu's prompts that hold no field, to be synthesised in advance. */
export function staticParts(menu: Menu): Part[] {
  return [{ sound: 'waiting' }, ...Object.keys(menu.prompts).flatMap((prompt) => fillPrompt(menu, prompt, {}))]
}

/** Returns digits, honours and every quarter of a mark from 0 to 20. Other marks are synthesised when first spoken. */
export function spokenMarks(language: Language): Part[] {
  const marks = Array.from({ length: 81 }, (_, n) => sayNumber(n / 4, language))
  const digits = [...'0123456789'].map((digit) => sayDigits(digit, language))
  return [...digits, ...honours.map((honour) => sayHonour(honour, language)), ...marks].map((text) => ({ text }))
}
