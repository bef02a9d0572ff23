import type { SettingName } from '../../contracts/commands.ts'
import type { AriRequests } from './ari-connection.ts'

/** Both ends are in the dial plan; it is done within milliseconds, or the context is missing. */
const askSeconds = 5
/** A variable of the dial plan holds 4,096 characters: so many numbers fit one question. */
export const namesMax = 150

/** Stands for no target: REGEX() of the dial plan takes no empty text. */
const nothing = 'rien'

/** Astdb's families by the API's words. */
const families: Readonly<Record<SettingName, string>> = {
  always: 'renvoi',
  busy: 'renvoi_busy',
  'no-answer': 'renvoi_noanswer',
  unavailable: 'renvoi_unavailable',
  dnd: 'dnd',
}

/**
 * The contexts of forwarding in the dial plan, asked by a Local channel: what they do and know comes back as UserEvents.
 * Writing astDB any other way would take `write=system` of AMI, which is the right to load modules as well.
 */
export class DialPlan {
  readonly #requests: Pick<AriRequests, 'post'>
  #asked = 0
  constructor(requests: Pick<AriRequests, 'post'>) {
    this.#requests = requests
  }

  /** Sets or clears one entry. The dial plan checks all of it once more. */
  async set(extension: string, setting: SettingName, target: string, signal: AbortSignal): Promise<void> {
    const entry = { __RV_EXT: extension, __RV_WHAT: families[setting], __RV_TARGET: target || nothing }
    await this.#ask('set', entry, signal)
  }

  /** Has it tell everything that is set, and how `extensions` stand, set or not. */
  async read(extensions: readonly string[], signal: AbortSignal): Promise<void> {
    await this.#ask('lire', { __RV_EXTS: extensions.join(',') }, signal)
  }

  async #ask(what: 'set' | 'lire', variables: Record<string, string>, signal: AbortSignal): Promise<void> {
    this.#asked += 1
    const order = { endpoint: `Local/${what}@renvoi-api`, context: 'renvoi-api', extension: 'fin', priority: 1 }
    const channelId = `switchhook-${what}-${process.pid}-${this.#asked}`
    // The first variable is a function's, so that neither half leaves a call record.
    const body = { ...order, channelId, timeout: askSeconds, variables: { 'CDR_PROP(disable)': '1', ...variables } }
    await this.#requests.post('/channels', body, signal)
  }
}
