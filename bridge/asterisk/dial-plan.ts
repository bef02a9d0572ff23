import type { SettingName } from '../../contracts/commands.ts'
import { cutText } from '../../contracts/text.ts'
import { type ExtensionSettings, noSettings } from '../normalise/phone-settings.ts'
import type { AriRequests } from './ari-connection.ts'

/** The dial plan answers within milliseconds. */
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

/** A family of astDB, and what its value is: a target for calls, or do not disturb. */
type SettingFamily = readonly [family: string, settings: readonly (keyof ExtensionSettings)[]]
const settingFamilies: Readonly<Record<'switchhook' | 'freepbx', readonly SettingFamily[]>> = {
  switchhook: [
    [families.always, ['forward']],
    [families.busy, ['forwardBusy']],
    [families['no-answer'], ['forwardNoAnswer']],
    [families.unavailable, ['forwardUnavailable']],
    [families.dnd, ['dnd']],
  ],
  // FreePBX and Issabel; the context `renvoi-api` of snippets/freepbx.conf writes the same. `CFU` holds for calls that nobody answers, and
  // while the phone is not registered.
  freepbx: [
    ['CF', ['forward']],
    ['CFB', ['forwardBusy']],
    ['CFU', ['forwardNoAnswer', 'forwardUnavailable']],
    ['DND', ['dnd']],
  ],
}
/** How a PBX keeps forwarding and do not disturb. */
export type SettingsKind = keyof typeof settingFamilies

/** Modules of the functions that are read. On a PBX without one of them, asking would write an error to its log. */
export const neededModules: readonly string[] = ['func_dialplan.so', 'func_db.so']
/** Asterisk cuts a value to 1,023 bytes: a list this long may not be whole. */
const listBytesWhole = 1_000
const numberPattern = /^\d{1,20}$/

/** Reads the PBX without a call. Each method returns `undefined` if that is not possible now. */
export interface PbxReader {
  /** A function of the dial plan, such as `DB_KEYS(renvoi)`. */
  variable(name: string): Promise<string | undefined>
  /** Returns a value of astDB, or an empty text. Asterisk refuses to read `DB()` outside of the dial plan. */
  database(family: string, key: string): Promise<string | undefined>
}

/** Returns whether the PBX has the dial plan of forwarding. */
export async function readHasForwarding(pbx: Pick<PbxReader, 'variable'>): Promise<boolean | undefined> {
  const answer = await pbx.variable('DIALPLAN_EXISTS(renvoi-api,set,1)')
  return answer === undefined ? undefined : answer === '1'
}

/**
 * Returns the settings of each extension that has any, from astDB; `undefined` if they cannot be read now. `numbers` are asked one by
 * one where Asterisk's list of them is not whole.
 */
export async function readSettings(
  pbx: PbxReader,
  numbers: readonly string[],
  kind: SettingsKind = 'switchhook',
): Promise<Map<string, ExtensionSettings> | undefined> {
  const found = new Map<string, ExtensionSettings>()
  for (const [family, names] of settingFamilies[kind]) {
    const list = await pbx.variable(`DB_KEYS(${family})`)
    if (list === undefined) return undefined
    const isWhole = Buffer.byteLength(list) < listBytesWhole
    // The last key of a list that was cut may be half a number.
    const listed = list.split(',').slice(0, isWhole ? undefined : -1)
    for (const number of new Set(isWhole ? listed : [...listed, ...numbers])) {
      if (!numberPattern.test(number)) continue
      const value = await pbx.database(family, number)
      if (value === undefined) return undefined
      if (value === '') continue
      const settings = found.get(number) ?? { ...noSettings }
      found.set(number, settings)
      for (const name of names) put(settings, name, value)
    }
  }
  return found
}

function put(settings: ExtensionSettings, name: keyof ExtensionSettings, value: string): void {
  if (name === 'dnd') settings.dnd = true
  else settings[name] = cutText(value)
}

/**
 * Sets forwarding through a context of the dial plan, over a Local channel; results come back as UserEvents. Writing astDB by AMI
 * would need `write=system`, which also permits loading modules. Only for a PBX that is known to have the context: any other one answers
 * 200 too, and writes a call record.
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
