import type { Snapshot } from '../../../bridge/normalise/ari-objects.ts'
import type { AriEvent } from '../../../bridge/normalise/events.ts'
import type { Chance } from './chance.ts'
import type { Time } from './time.ts'

/** The site of every simulation. */
export const site = 'office'

type Progress = 'dialling' | 'ringing' | 'answered'
interface SimCall {
  id: string
  caller: string
  callee: string
  progress: Progress
}

/**
 * A PBX whose phones call each other, register and unregister. It knows its true state, sends events in the order of a real
 * Asterisk, and answers snapshots.
 */
export class SimPbx {
  readonly devices = new Map<string, string>()
  readonly calls = new Map<string, SimCall>()
  /** Phones added or removed since the last snapshot. Asterisk sends no event for them, so no client can know. */
  readonly unreported = new Set<string>()
  /** From now on calls do not change. */
  isStill = false
  listener: ((event: AriEvent) => void) | undefined
  /** Time by the clock of the PBX's host. */
  readonly hostMs: () => number
  readonly #time: Time
  readonly #chance: Chance
  #made = 0

  constructor(time: Time, chance: Chance, phones: number, clockOffMs = 0) {
    this.#time = time
    this.hostMs = () => time.now() + clockOffMs
    this.#chance = chance
    for (let n = 0; n < phones; n += 1) this.devices.set(`PJSIP/586${n}`, 'NOT_INUSE')
  }

  /** Lets a phone act every few seconds until `end`. */
  live(end: number): void {
    this.#time.after(this.#chance.between(100, 4_000), () => {
      if (this.#time.now() > end) return
      if (this.#chance.happens(0.75)) this.#call()
      else if (this.#chance.happens(0.8)) this.#register()
      else this.#configure()
      this.live(end)
    })
  }

  snapshot(): Snapshot {
    this.unreported.clear()
    const channels = [...this.calls.values()].flatMap((call) => [
      this.#channel(call, 'caller'),
      this.#channel(call, 'callee'),
    ])
    const answered = [...this.calls.values()].filter(({ progress }) => progress === 'answered')
    return {
      endpoints: [...this.devices].map(([name, state]) => {
        const resource = name.replace('PJSIP/', '')
        return { technology: 'PJSIP', resource, state: state === 'UNAVAILABLE' ? 'offline' : 'online' }
      }),
      deviceStates: [...this.devices].map(([name, state]) => ({ name, state })),
      channels,
      bridges: answered.map(({ id }) => ({
        id: `b-${id}`,
        bridge_type: 'mixing',
        channels: legs(id),
        creationtime: '',
      })),
      linkedids: new Map([...this.calls.keys()].flatMap((id) => legs(id).map((leg): [string, string] => [leg, id]))),
    }
  }

  #register(): void {
    const name = this.#chance.pick([...this.devices.keys()].filter((device) => !this.#isBusy(device)))
    if (name) this.#setDevice(name, this.devices.get(name) === 'UNAVAILABLE' ? 'NOT_INUSE' : 'UNAVAILABLE')
  }

  /** Adds or removes a phone. Asterisk sends no event for that; only the next snapshot shows it. */
  #configure(): void {
    const idle = [...this.devices.keys()].filter((device) => !this.#isBusy(device))
    const isLess = this.devices.size > 3 && this.#chance.happens(0.5)
    const name = isLess ? this.#chance.pick(idle) : `PJSIP/59${this.#chance.pick([0, 1, 2])}`
    if (!name || (!isLess && this.devices.has(name))) return
    this.unreported.add(name)
    if (isLess) this.devices.delete(name)
    else this.devices.set(name, 'NOT_INUSE')
  }

  #isBusy(device: string): boolean {
    return [...this.calls.values()].some(({ caller, callee }) => caller === device || callee === device)
  }

  #call(): void {
    const free = [...this.devices].filter(([name, state]) => state === 'NOT_INUSE' && !this.#isBusy(name))
    const [caller, callee] = [this.#chance.pick(free)?.[0], this.#chance.pick(free)?.[0]]
    if (!caller || !callee || caller === callee) return
    const id = `pbx1-${Math.floor(this.#time.now() / 1000)}.${2 * this.#made++}`
    const call: SimCall = { id, caller, callee, progress: 'dialling' }
    this.calls.set(id, call)
    const [from, to] = [this.#channel(call, 'caller'), this.#channel(call, 'callee')]
    this.#emit({ type: 'ChannelCreated', channel: from })
    this.#setDevice(caller, 'INUSE')
    this.#emit({ type: 'ChannelCreated', channel: to })
    this.#emit({ type: 'Dial', caller: from, peer: to, dialstatus: '' })
    this.#time.after(this.#chance.between(20, 2_000), () => this.#ring(call))
  }

  #ring(call: SimCall): void {
    if (this.isStill) return
    call.progress = 'ringing'
    const to = this.#channel(call, 'callee')
    this.#setDevice(call.callee, 'RINGING')
    this.#emit({ type: 'ChannelStateChange', channel: to })
    this.#emit({ type: 'Dial', caller: this.#channel(call, 'caller'), peer: to, dialstatus: 'RINGING' })
    const next = this.#chance.happens(0.7) ? () => this.#answer(call) : () => this.#end(call)
    this.#time.after(this.#chance.between(50, 12_000), next)
  }

  #answer(call: SimCall): void {
    if (this.isStill) return
    call.progress = 'answered'
    const [from, to] = [this.#channel(call, 'caller'), this.#channel(call, 'callee')]
    this.#emit({ type: 'ChannelStateChange', channel: to })
    this.#setDevice(call.callee, 'INUSE')
    this.#emit({ type: 'ChannelStateChange', channel: from })
    const bridge = { id: `b-${call.id}`, bridge_type: 'mixing', channels: legs(call.id), creationtime: '' }
    this.#emit({ type: 'ChannelEnteredBridge', channel: to, bridge })
    this.#time.after(this.#chance.between(50, this.#chance.happens(0.2) ? 600_000 : 30_000), () => this.#end(call))
  }

  #end(call: SimCall): void {
    if (this.isStill) return
    this.calls.delete(call.id)
    for (const side of ['callee', 'caller'] as const) {
      this.#emit({ type: 'ChannelDestroyed', channel: this.#channel(call, side), cause: 16 })
      this.#setDevice(call[side], 'NOT_INUSE')
    }
  }

  #setDevice(name: string, state: string): void {
    this.devices.set(name, state)
    this.#emit({ type: 'DeviceStateChanged', device_state: { name, state } })
  }

  #emit(event: AriEvent): void {
    this.listener?.({ ...event, timestamp: new Date(this.hostMs()).toISOString() })
  }

  #channel({ id, caller, callee, progress }: SimCall, side: 'caller' | 'callee') {
    const device = side === 'caller' ? caller : callee
    const states = { dialling: ['Ring', 'Down'], ringing: ['Ring', 'Ringing'], answered: ['Up', 'Up'] }[progress]
    const [leg = ''] = legs(id).slice(side === 'caller' ? 0 : 1)
    const number = device.slice(-2)
    return {
      id: leg,
      name: `${device}-${legs(id).indexOf(leg)}${id.replace(/\D/g, '').slice(-7)}`,
      state: states[side === 'caller' ? 0 : 1] ?? '',
      caller: { name: device, number },
      dialplan: { context: 'internes', exten: callee.slice(-2), app_name: side === 'caller' ? 'Dial' : 'AppDial' },
      creationtime: '',
    }
  }
}

/** The caller's channel gives the call its id; the callee's has the next number. */
function legs(call: string): string[] {
  const [head = '', n = '0'] = call.split('.')
  return [call, `${head}.${Number(n) + 1}`]
}
