import * as v from 'valibot'
import type { AriRequests } from './asterisk/ari-connection.ts'
import { AriRefusedError } from './asterisk/ari-errors.ts'
import { neededModules, type PbxReader, readHasForwarding, type SettingsKind } from './asterisk/dial-plan.ts'
import { readIsFreepbx, readSetsFreepbx } from './asterisk/freepbx.ts'
import { hasModules } from './asterisk/loaded-modules.ts'

/** Where the PBX keeps forwarding and do not disturb, and whether the API can set them; `none` if it has neither. */
export type Forwarding = { kind: SettingsKind; isForwardable: boolean } | 'none'

const Value = v.looseObject({ value: v.string() })

export interface ForwardingKindDependencies {
  requests: Pick<AriRequests, 'get'>
  /** Reads the PBX over the Manager Interface, if the bridge has it. */
  ami?: PbxReader | undefined
  known: { readonly phones: { readonly hasForwarding: boolean } }
  /** Returns any channel that lives now. */
  anyChannel(): string | undefined
}

/** Finds out what the PBX's dial plan follows, without a call. */
export class ForwardingKind {
  readonly #dependencies: ForwardingKindDependencies
  constructor(dependencies: ForwardingKindDependencies) {
    this.#dependencies = dependencies
  }

  /** Returns `undefined` if nobody can be asked now. */
  async find(signal: AbortSignal): Promise<Forwarding | undefined> {
    const { ami } = this.#dependencies
    const hasForwarding = await this.#hasForwarding(signal)
    if (hasForwarding === undefined) return undefined
    // Without the Manager Interface astDB cannot be read, and the dial plan reports its own settings.
    const isFreepbx = ami ? await (hasForwarding ? readSetsFreepbx(ami) : this.#isFreepbx(signal)) : false
    if (isFreepbx === undefined) return undefined
    if (isFreepbx) return { kind: 'freepbx', isForwardable: hasForwarding }
    return hasForwarding ? { kind: 'switchhook', isForwardable: true } : 'none'
  }

  async #isFreepbx(signal: AbortSignal): Promise<boolean | undefined> {
    const { requests, ami } = this.#dependencies
    if (!ami || !(await hasModules(['func_db.so'], requests, signal))) return false
    return await readIsFreepbx(ami)
  }

  /** Asks over the Manager Interface, or without it a channel that lives. */
  async #hasForwarding(signal: AbortSignal): Promise<boolean | undefined> {
    const { requests, ami, known } = this.#dependencies
    if (known.phones.hasForwarding && !ami) return true
    if (!(await hasModules(neededModules, requests, signal))) return false
    const byAmi = ami && (await readHasForwarding(ami))
    if (byAmi !== undefined) return byAmi
    return await readHasForwarding({ variable: (name) => this.#variableOfAnyChannel(name, signal) })
  }

  async #variableOfAnyChannel(name: string, signal: AbortSignal): Promise<string | undefined> {
    const { requests, anyChannel } = this.#dependencies
    const channel = anyChannel()
    if (channel === undefined) return undefined
    try {
      const path = `/channels/${encodeURIComponent(channel)}/variable?variable=${encodeURIComponent(name)}`
      const answer = v.safeParse(Value, await requests.get(path, signal))
      return answer.success ? answer.output.value : undefined
    } catch (error) {
      // The channel has ended meanwhile.
      if (error instanceof AriRefusedError) return undefined
      throw error
    }
  }
}
