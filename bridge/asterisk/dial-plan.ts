import type { SettingName } from '../../contracts/commands.ts'
import type { AriRequests } from './ari-connection.ts'

/** The dial plan answers within milliseconds, or its context is missing. */
const askSeconds = 5
/** A dial plan variable holds 4,096 characters, so this many numbers fit in one request. */
export const namesMax = 150

/** Means no target: the dial plan's REGEX() does not accept an empty string. */
const nothing = 'rien'

/** Families of astDB by the setting's name in the API. */
const families: Readonly<Record<SettingName, string>> = {
  always: 'renvoi',
  busy: 'renvoi_busy',
  'no-answer': 'renvoi_noanswer',
  unavailable: 'renvoi_unavailable',
  dnd: 'dnd',
}

/**
 * Reads and sets forwarding through contexts of the dial plan, over a Local channel; results come back as UserEvents.
 * Writing astDB by AMI would need `write=system`, which also permits loading modules.
 */
export class DialPlan {
  readonly #requests: Pick<AriRequests, 'post'>
  #asked = 0
  constructor(requests: Pick<AriRequests, 'post'>) {
    this.#requests = requests
  }

  /** Sets or clears one entry. The dial plan validates it again. */
  async set(extension: string, setting: SettingName, target: string, signal: AbortSignal): Promise<void> {
    const entry = { __RV_EXT: extension, __RV_WHAT: families[setting], __RV_TARGET: target || nothing }
    await this.#ask('set', entry, signal)
  }

  /** Requests a UserEvent for every extension with a setting, and for each of `extensions`, with or without one. */
  async read(extensions: readonly string[], signal: AbortSignal): Promise<void> {
    await this.#ask('lire', { __RV_EXTS: extensions.join(',') }, signal)
  }

  async #ask(what: 'set' | 'lire', variables: Record<string, string>, signal: AbortSignal): Promise<void> {
    this.#asked += 1
    const order = { endpoint: `Local/${what}@renvoi-api`, context: 'renvoi-api', extension: 'fin', priority: 1 }
    const channelId = `switchhook-${what}-${process.pid}-${this.#asked}`
    // CDR_PROP(disable): neither half of the Local channel writes a call record.
    const body = { ...order, channelId, timeout: askSeconds, variables: { 'CDR_PROP(disable)': '1', ...variables } }
    await this.#requests.post('/channels', body, signal)
  }
}
