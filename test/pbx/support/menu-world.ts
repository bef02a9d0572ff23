import { join } from 'node:path'
import { Speech } from '../../../bridge/menus/speech.ts'
import type { Site } from '../../../infra/asterisk/site.ts'
import { MenuCaller } from './menu-caller.ts'
import type { TestPbx } from './pbx.ts'
import { Playbacks } from './playbacks.ts'

/** One a call: a caller who has tried too often is locked out, and his phone is of no more use. */
const phones = 48

/** The sample site with phones enough for many callers at once: 101 and so on. */
export function siteOfCallers(site: Site): Site {
  const more = Array.from({ length: phones }, (_, n) => ({
    number: String(101 + n),
    endpoint: `59${String(n).padStart(2, '0')}`,
    name: `Caller ${101 + n}`,
  }))
  return { ...site, extensions: [...site.extensions, ...more] }
}

/** Callers at the phones of an exchange, each with one of its own. */
export interface MenuWorld extends AsyncDisposable {
  speech: Speech
  /** The next phone dials. */
  dial(extension: string): Promise<MenuCaller>
  /** That comes with Asterisk. */
  soundsFolder: string
}

/** `sounds` is the folder of the menus' own speech: what is expected is not made twice. */
export async function openMenuWorld(it: TestPbx, sounds: string): Promise<MenuWorld> {
  await using parts = new AsyncDisposableStack()
  const speech = new Speech(sounds)
  const playbacks = parts.use(await new Playbacks().open(it.pbx))
  const callers = it.site.extensions.filter(({ name }) => name.startsWith('Caller'))
  let next = 0
  const owned = parts.move()
  return {
    speech,
    soundsFolder: join(it.pbx.installationRoot, 'usr/share/asterisk/sounds/en'),
    async dial(to) {
      const phone = callers[next]
      next += 1
      if (!phone) throw new Error(`more calls than the ${callers.length} phones`)
      const call = await it.phones.callAttentively({ from: phone.number, to })
      return new MenuCaller(call, phone.endpoint, playbacks, speech)
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
