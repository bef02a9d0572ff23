import { join } from 'node:path'
import { Speech } from '../../../bridge/menus/speech.ts'
import type { Site } from '../../../infra/asterisk/site.ts'
import { MenuCaller } from './menu-caller.ts'
import type { TestPbx } from './pbx.ts'
import { PlayedSounds } from './played-sounds.ts'
import { preparedSounds } from './prepared-sounds.ts'

/** One phone for each call: a caller who has tried too often is locked out for a while. */
const phones = 48

/** Adds phones for many callers at once to the sample site: 101 and so on. */
export function siteOfCallers(site: Site): Site {
  const more = Array.from({ length: phones }, (_, n) => ({
    number: String(101 + n),
    endpoint: `59${String(n).padStart(2, '0')}`,
    name: `Caller ${101 + n}`,
  }))
  return { ...site, extensions: [...site.extensions, ...more] }
}

/** Callers at the phones of an exchange, each with a phone of its own. */
export interface MenuWorld extends AsyncDisposable {
  speech: Speech
  /** Has the next phone dial. */
  dial(extension: string): Promise<MenuCaller>
}

export async function openMenuWorld(it: TestPbx): Promise<MenuWorld> {
  await using parts = new AsyncDisposableStack()
  const speech = new Speech(await preparedSounds())
  const played = parts.use(await new PlayedSounds().open(it.pbx))
  const callers = it.site.extensions.filter(({ name }) => name.startsWith('Caller'))
  const soundsFolder = join(it.pbx.installationRoot, 'usr/share/asterisk/sounds/en')
  let next = 0
  const owned = parts.move()
  return {
    speech,
    async dial(to) {
      const phone = callers[next]
      next += 1
      if (!phone) throw new Error(`there are ${callers.length} phones, and each makes one call`)
      const call = await it.phones.callAttentively({ from: phone.number, to })
      return new MenuCaller(call, phone.endpoint, { played, speech, soundsFolder })
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
