import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import type { WebSocket } from 'ws'
import { AsteriskStartError, PhoneError } from './errors.ts'
import type { AsteriskInstallation } from './installation.ts'
import { reservePorts } from './instance/ports.ts'
import { AsteriskInstance } from './instance.ts'
import { openEvents, type PhoneEvent, requestAri } from './phones/ari.ts'
import { type AttentiveCall, placeAttentive } from './phones/attentive-call.ts'
import type { Behaviour, DialledCall } from './phones/behaviour.ts'
import { PhoneCall } from './phones/call.ts'
import { renderPhones } from './render/phones.ts'
import { generateSecrets } from './secrets.ts'
import type { Site } from './site.ts'

export interface PhonesOptions {
  readonly installation: AsteriskInstallation
  readonly site: Site
  /** Absolute path; not the folder of the exchange. */
  readonly folder: string
  /** The exchange that the phones register with. */
  readonly pbx: Pick<AsteriskInstance, 'address' | 'sipPort' | 'phonePasswords'>
  /** TLS port of the exchange: the phones then connect by TLS and encrypt their audio (SRTP). */
  readonly tlsPort?: number
  /** False: with `tlsPort`, the phones do not encrypt their audio. */
  readonly encryptsAudio?: boolean
}

/** Asterisk registers a second after its start and retries each second. A machine whose cores are busy takes several. */
const REGISTER_MS_MAX = 60_000
const REGISTER_LOOK_MS = 50
const REGISTER_AGAIN_MS = 3_000
const RINGS_MAX = 10_000

/** All phones of a site, simulated by a second Asterisk: they register, call, and answer as `setBehaviour` says. */
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

  /** Starts the phones; `registered()` waits until they can be called. @throws like `AsteriskInstance.start` */
  async start(): Promise<void> {
    const { installation, site, folder, pbx, tlsPort, encryptsAudio } = this.#options
    const { root } = installation
    const { address } = pbx
    const secrets = generateSecrets({ ...site, extensions: [] })
    const ports = await reservePorts(address)
    const exchange = { address, port: pbx.sipPort }
    const passwords = pbx.phonePasswords
    const secure = { tlsPort, encryptsAudio }
    const files = renderPhones(site, { root, folder, ports, secrets, passwords, exchange, ...secure })
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
    await this.#instance?.[Symbol.asyncDispose]()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  /** Times of the last 10,000 incoming calls of all phones, by `performance.now()`; calls to a busy phone are included. */
  get rings(): readonly number[] {
    return this.#rings
  }

  /** The log of the phones' Asterisk: notices, warnings and errors. */
  get logFile(): string {
    return this.#running().logFile
  }

  /** Runs a console command of the phones' Asterisk. */
  cli(command: string): Promise<string> {
    return this.#running().cli(command)
  }

  /** Resolves when every phone is registered with the exchange. @throws AsteriskStartError after a minute */
  async registered(): Promise<void> {
    const deadline = Date.now() + REGISTER_MS_MAX
    for (const { endpoint } of this.#options.site.extensions)
      if (!(await this.#isRegistered(endpoint, true, deadline))) throw this.#notRegistered(true)
  }

  /** Unregisters and registers the phone of an extension, or all phones, as if switched off and on. @throws AsteriskStartError */
  async register(number?: string): Promise<void> {
    const all = this.#options.site.extensions.map((extension) => extension.number)
    for (const one of number === undefined ? all : [number]) {
      await this.unregister(one)
      await this.#sendUntilRegistered('register', this.#endpointOf(one), true)
    }
  }

  /** Unregisters the phone of an extension, as if switched off. @throws AsteriskStartError */
  async unregister(number: string): Promise<void> {
    await this.#sendUntilRegistered('unregister', this.#endpointOf(number), false)
  }

  /** Sends the request again every few seconds: an exchange that has just started may lose one. */
  async #sendUntilRegistered(request: 'register' | 'unregister', endpoint: string, wanted: boolean): Promise<void> {
    const deadline = Date.now() + REGISTER_MS_MAX
    for (;;) {
      await this.#running().cli(`pjsip send ${request} ${endpoint}`)
      if (await this.#isRegistered(endpoint, wanted, Math.min(Date.now() + REGISTER_AGAIN_MS, deadline))) return
      if (Date.now() > deadline) throw this.#notRegistered(wanted)
    }
  }

  async #isRegistered(endpoint: string, wanted: boolean, deadline: number): Promise<boolean> {
    const line = new RegExp(`^ *${endpoint}/sip:.* Registered `, 'm')
    while (line.test(await this.#running().cli('pjsip show registrations')) !== wanted) {
      if (Date.now() > deadline) return false
      await delay(REGISTER_LOOK_MS)
    }
    return true
  }

  #notRegistered(wanted: boolean): AsteriskStartError {
    return new AsteriskStartError(`its phones cannot ${wanted ? 'register' : 'unregister'}`, this.logFile)
  }

  /** Sets what the phone of an extension does from its next call on. By default a phone answers at once. */
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
   * Makes the phone of extension `from` dial `to`; resolves when the call is placed. The phone presses `digits`
   * `pressAfterMs` after the answer and hangs up `talkMs` after it. Without `talkMs` the other side or `hangup()` ends the call.
   *
   * @throws PhoneError
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
      // No limit here, where the default is 30 s: the exchange decides how long a call rings.
      timeout: -1,
      variables: { TALK: seconds(talkMs), DIGITS: digits, PRESS_AFTER: seconds(pressAfterMs) },
    })
    if (status !== 200) {
      this.#calls.delete(id)
      throw new PhoneError(`The phone ${from} could not dial ${to}: ARI answered ${status}.`)
    }
    return call
  }

  /** Like `call`, with a recording of what the phone receives and keys that can be pressed at any time. @throws PhoneError */
  async callAttentively({ from, to }: { from: string; to: string }): Promise<AttentiveCall> {
    if (!/^[0-9*#]{1,32}$/.test(to)) throw new TypeError('a phone dials digits, * and #')
    const instance = this.#running()
    const id = `phone-${randomBytes(6).toString('hex')}`
    const call = new PhoneCall(id, () => requestAri(instance, 'DELETE', `channels/${id}`))
    this.#calls.set(id, call)
    const endpoint = `PJSIP/${to}@${this.#endpointOf(from)}`
    // One call after another, because each asks the control socket, which accepts few connections at a time.
    const placed = this.#placing.then(() => placeAttentive(instance, endpoint, call))
    this.#placing = placed.catch(() => undefined)
    return placed
  }

  #take(event: PhoneEvent): void {
    const id = event.channel?.id
    // An incoming call: the phones did not place it.
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
    if (!answer.includes('set to'))
      throw new PhoneError(`The phones' variable ${name} could not be set: ${answer.trim()}`)
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
