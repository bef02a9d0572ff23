import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import type { WebSocket } from 'ws'
import { AsteriskStartError } from './errors.ts'
import type { AsteriskInstallation } from './installation.ts'
import { reservePorts } from './instance/ports.ts'
import { AsteriskInstance } from './instance.ts'
import { openEvents, type PhoneEvent, requestAri } from './phones/ari.ts'
import { type AttentiveCall, placeAttentive } from './phones/attentive-call.ts'
import { PhoneCall } from './phones/call.ts'
import { renderPhones } from './render/phones.ts'
import { generateSecrets } from './secrets.ts'
import type { Site } from './site.ts'

export interface PhonesOptions {
  readonly installation: AsteriskInstallation
  readonly site: Site
  /** Absolute; not the exchange's. */
  readonly folder: string
  /** The exchange they register with. */
  readonly pbx: Pick<AsteriskInstance, 'address' | 'sipPort' | 'phonePasswords'>
}

/** What a phone does when it is called. */
export type Behaviour =
  /** Rings, answers, sends the caller's voice back, and hangs up after `talkMs`; without it the caller has to. */
  | { readonly kind: 'answer'; readonly afterMs?: number; readonly talkMs?: number }
  /** Sends the caller to `target` without answering, as a phone that is forwarded does (SIP 302). */
  | { readonly kind: 'forward'; readonly target: string }
  /** Answers, and after `talkMs` transfers the caller to `target`: at once (SIP REFER), or by keys after asking there. */
  | { readonly kind: 'transfer' | 'consult'; readonly target: string; readonly talkMs: number }
  /** Rings until the caller gives up. */
  | { readonly kind: 'ring' }
  /** 486 at once. */
  | { readonly kind: 'busy' }
  /** 603 at once. */
  | { readonly kind: 'refuse' }
  /** 480 at once. */
  | { readonly kind: 'unavailable' }

/** A call that a phone makes. */
export interface DialledCall {
  readonly from: string
  readonly to: string
  readonly talkMs?: number
  readonly digits?: string
  readonly pressAfterMs?: number
}

/** Asterisk registers a second after its start, and tries again each second. */
const REGISTER_MS_MAX = 15_000
const REGISTER_LOOK_MS = 20
const RINGS_MAX = 10_000

/** All the phones of a site, in a second Asterisk: they register, call, and answer as they are told. */
export class Phones {
  readonly #options: PhonesOptions
  readonly #calls = new Map<string, PhoneCall>()
  readonly #rings: number[] = []
  #instance: AsteriskInstance | undefined
  #events: WebSocket | undefined
  #placing: Promise<unknown> = Promise.resolve()

  constructor(options: PhonesOptions) {
    this.#options = options
  }

  /** Switches the phones on; `registered()` tells when they can be called. @throws AsteriskStartError and the like */
  async start(): Promise<void> {
    const { installation, site, folder, pbx } = this.#options
    const { root } = installation
    const { address } = pbx
    const secrets = generateSecrets({ ...site, extensions: [] })
    const ports = await reservePorts(address)
    const exchange = { address, port: pbx.sipPort }
    const files = renderPhones(site, { root, folder, ports, secrets, passwords: pbx.phonePasswords, exchange })
    this.#instance = new AsteriskInstance({ root, folder, address, ports, secrets, files })
    await this.#instance.start()
    this.#events = await openEvents(this.#instance, (event) => this.#take(event))
    this.#events.on('close', () => this.#endAll())
  }

  async stop(): Promise<void> {
    const events = this.#events
    if (events && events.readyState !== events.CLOSED) {
      const closed = once(events, 'close')
      events.close()
      await closed
    }
    await this.#instance?.stop()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  /** When each call came to one of the phones (`performance.now()`), the last 10,000; a phone that is busy counts. */
  get rings(): readonly number[] {
    return this.#rings
  }

  /** Where the phones' own Asterisk writes what went wrong. */
  get logFile(): string {
    return this.#running().logFile
  }

  /** Resolves when every phone is registered with the exchange. @throws AsteriskStartError after 15 s */
  async registered(): Promise<void> {
    for (const { endpoint } of this.#options.site.extensions) await this.#untilRegistered(endpoint, true)
  }

  /** Registers the phone of an extension anew, or all of them, as when they are switched off and on. @throws AsteriskStartError */
  async register(number?: string): Promise<void> {
    const all = this.#options.site.extensions.map((extension) => extension.number)
    for (const one of number === undefined ? all : [number]) {
      await this.unregister(one)
      await this.#running().cli(`pjsip send register ${this.#endpointOf(one)}`)
      await this.#untilRegistered(this.#endpointOf(one), true)
    }
  }

  /** Takes the phone of an extension off the exchange, as when it is switched off. @throws AsteriskStartError */
  async unregister(number: string): Promise<void> {
    await this.#running().cli(`pjsip send unregister ${this.#endpointOf(number)}`)
    await this.#untilRegistered(this.#endpointOf(number), false)
  }

  async #untilRegistered(endpoint: string, wanted: boolean): Promise<void> {
    const deadline = Date.now() + REGISTER_MS_MAX
    const line = new RegExp(`^ *${endpoint}/sip:.* Registered `, 'm')
    while (line.test(await this.#running().cli('pjsip show registrations')) !== wanted) {
      if (Date.now() > deadline)
        throw new AsteriskStartError(`its phones cannot ${wanted ? 'register' : 'leave'}`, this.logFile)
      await delay(REGISTER_LOOK_MS)
    }
  }

  /** Says what the phone of an extension does from its next call on. At first each answers at once. */
  async setBehaviour(number: string, behaviour: Behaviour): Promise<void> {
    const endpoint = this.#endpointOf(number)
    const afterMs = behaviour.kind === 'answer' ? (behaviour.afterMs ?? 0) : 0
    const talkMs = 'talkMs' in behaviour ? (behaviour.talkMs ?? 0) : 0
    const target = 'target' in behaviour ? behaviour.target : '0'
    await this.#setGlobal(`TARGET_${endpoint}`, target)
    await this.#setGlobal(`AFTER_${endpoint}`, seconds(afterMs))
    await this.#setGlobal(`TALK_${endpoint}`, seconds(talkMs))
    await this.#setGlobal(`BEHAVIOUR_${endpoint}`, behaviour.kind)
  }

  /**
   * Has the phone of extension `from` dial `to`. It hangs up `talkMs` after the answer; without it the other side or
   * `hangup()` ends the call. `digits` are pressed once it is answered, after `pressAfterMs`. Resolves as soon as the call is on its way.
   */
  async call({ from, to, talkMs = 0, digits = '', pressAfterMs = 1_500 }: DialledCall): Promise<PhoneCall> {
    if (!/^[0-9*#]{1,32}$/.test(to)) throw new TypeError('a phone dials digits, * and #')
    const instance = this.#running()
    const id = `phone-${randomBytes(6).toString('hex')}`
    const call = new PhoneCall(id, () => requestAri(instance, 'DELETE', `channels/${id}`))
    this.#calls.set(id, call)
    const status = await requestAri(instance, 'POST', 'channels', {
      endpoint: `PJSIP/${to}@${this.#endpointOf(from)}`,
      channelId: id,
      context: 'talking',
      extension: 's',
      priority: 1,
      // Asterisk's own limit is 30 s; how long it rings is the exchange's to say.
      timeout: -1,
      variables: { TALK: seconds(talkMs), DIGITS: digits, PRESS_AFTER: seconds(pressAfterMs) },
    })
    if (status !== 200) {
      this.#calls.delete(id)
      throw new Error(`the phone could not dial: ARI answered ${status}`)
    }
    return call
  }

  /** The same, recorded as the phone hears it and with keys to press; it ends by the other side or by `hangup()`. */
  async callAttentively({ from, to }: { from: string; to: string }): Promise<AttentiveCall> {
    if (!/^[0-9*#]{1,32}$/.test(to)) throw new TypeError('a phone dials digits, * and #')
    const instance = this.#running()
    const id = `phone-${randomBytes(6).toString('hex')}`
    const call = new PhoneCall(id, () => requestAri(instance, 'DELETE', `channels/${id}`))
    this.#calls.set(id, call)
    const endpoint = `PJSIP/${to}@${this.#endpointOf(from)}`
    // One after another: the control socket has a short queue.
    const placed = this.#placing.then(() => placeAttentive(instance, endpoint, call))
    this.#placing = placed.catch(() => undefined)
    return placed
  }

  #take(event: PhoneEvent): void {
    const id = event.channel?.id
    // A call that is none of the phones' own came in.
    if (event.type === 'ChannelCreated' && id !== undefined && !this.#calls.has(id)) {
      this.#rings.push(performance.now())
      if (this.#rings.length > RINGS_MAX) this.#rings.shift()
    }
    const call = id === undefined ? undefined : this.#calls.get(id)
    call?.take(event)
    if (id !== undefined && event.type === 'ChannelDestroyed') this.#calls.delete(id)
  }

  #endAll(): void {
    for (const call of this.#calls.values()) call.end(0, 'the phones were switched off')
    this.#calls.clear()
  }

  async #setGlobal(name: string, value: string): Promise<void> {
    const answer = await this.#running().cli(`dialplan set global ${name} ${value}`)
    if (!answer.includes('set to')) throw new Error(`the phone's ${name} could not be set: ${answer.trim()}`)
  }

  #endpointOf(number: string): string {
    const found = this.#options.site.extensions.find((extension) => extension.number === number)
    if (!found) throw new TypeError(`no phone has the number ${number}`)
    return found.endpoint
  }

  #running(): AsteriskInstance {
    if (!this.#instance) throw new TypeError('start() comes first')
    return this.#instance
  }
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3)
}
