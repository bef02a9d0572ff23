import type { Chance } from './chance.ts'
import type { Time } from './time.ts'

interface Channel {
  id: string
  name: string
  state: string
  caller: { name: string; number: string }
  dialplan: { context: string; exten: string; app_name: string }
  creationtime: string
}

interface Call {
  a: Channel
  b: Channel | undefined
  bridge: { id: string; bridge_type: string; channels: string[]; creationtime: string } | undefined
  startMs: number
  answerMs: number | undefined
}

export interface CallsEnvironment {
  emit(event: Record<string, unknown>): void
  setDevice(device: string, state: string): void
  onCdr(row: Record<string, unknown>): void
}

/** Calls between two phones of a PBX: each begins, rings, may be answered, and ends with one call detail record. */
export class ModelCalls {
  readonly #time: Time
  readonly #chance: Chance
  readonly #environment: CallsEnvironment
  readonly #live = new Set<Call>()
  #runs = 0
  #channels = 0
  #sequence = 0
  #busy = new Set<string>()

  constructor(time: Time, chance: Chance, environment: CallsEnvironment) {
    this.#time = time
    this.#chance = chance
    this.#environment = environment
  }

  /** Begins a call. It ends by itself unless `stays` is true. */
  begin(from: string, to: string, stays: boolean): void {
    if (from === to || this.#busy.has(from) || this.#busy.has(to)) return
    for (const device of [from, to]) this.#busy.add(device)
    const call: Call = {
      a: this.#channel(from, 'Ring', ''),
      b: undefined,
      bridge: undefined,
      startMs: this.#wall(),
      answerMs: undefined,
    }
    this.#live.add(call)
    this.#environment.emit({ type: 'ChannelCreated', channel: { ...call.a } })
    this.#environment.setDevice(from, 'INUSE')
    this.#soon(5, 50, call, () => this.#dial(call, to, stays))
  }

  #dial(call: Call, to: string, stays: boolean): void {
    call.b = this.#channel(to, 'Down', 'AppDial')
    this.#environment.emit({ type: 'ChannelCreated', channel: { ...call.b } })
    this.#environment.emit({ type: 'Dial', caller: { ...call.a }, peer: { ...call.b }, dialstatus: '' })
    call.b.state = 'Ringing'
    this.#environment.setDevice(to, 'RINGING')
    this.#environment.emit({ type: 'ChannelStateChange', channel: { ...call.b } })
    if (this.#chance.in(0.3) && !stays) this.#soon(500, 4000, call, () => this.#end(call))
    else this.#soon(200, 3000, call, () => this.#answer(call, to, stays))
  }

  #answer(call: Call, to: string, stays: boolean): void {
    if (!call.b) return
    call.b.state = 'Up'
    call.a.state = 'Up'
    call.answerMs = this.#wall()
    this.#environment.setDevice(to, 'INUSE')
    this.#environment.emit({ type: 'ChannelStateChange', channel: { ...call.b } })
    this.#environment.emit({ type: 'ChannelStateChange', channel: { ...call.a } })
    call.bridge = {
      id: `b-${call.a.id}`,
      bridge_type: 'mixing',
      channels: [call.a.id, call.b.id],
      creationtime: this.#stamp(),
    }
    for (const channel of [call.a, call.b]) {
      this.#environment.emit({ type: 'ChannelEnteredBridge', channel: { ...channel }, bridge: { ...call.bridge } })
    }
    if (!stays) this.#soon(300, 15_000, call, () => this.#end(call))
  }

  #end(call: Call): void {
    this.#live.delete(call)
    for (const channel of [call.b, call.a]) {
      if (!channel) continue
      this.#environment.emit({ type: 'ChannelDestroyed', cause: 16, channel: { ...channel } })
      const device = channel.name.replace(/-[0-9a-f]{8}$/, '')
      this.#busy.delete(device)
      this.#environment.setDevice(device, 'NOT_INUSE')
    }
    this.#record(call)
  }

  #record({ a, b, startMs, answerMs }: Call): void {
    const seconds = (fromMs: number) => Math.max(0, Math.floor((this.#wall() - fromMs) / 1000))
    const at = (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}+0000`
    this.#environment.onCdr({
      accountcode: '',
      src: a.caller.number,
      dst: b?.name.slice(6, 10) ?? '',
      dcontext: 'internal',
      clid: `"${a.caller.name}" <${a.caller.number}>`,
      channel: a.name,
      dstchannel: b?.name ?? '',
      lastapp: 'Dial',
      lastdata: '',
      start: at(startMs),
      answer: answerMs === undefined ? '' : at(answerMs),
      end: at(this.#wall()),
      duration: seconds(startMs),
      billsec: answerMs === undefined ? 0 : seconds(answerMs),
      disposition: answerMs === undefined ? 'NO ANSWER' : 'ANSWERED',
      amaflags: 'DOCUMENTATION',
      uniqueid: a.id,
      userfield: '',
      peeraccount: '',
      linkedid: a.id,
      sequence: this.#sequence,
    })
    this.#sequence += 1
  }

  restart(): void {
    const writesRecords = this.#chance.in(0.5)
    for (const call of this.#live) if (writesRecords) this.#record(call)
    this.#live.clear()
    this.#busy.clear()
    this.#runs += 1
    this.#channels = 0
    this.#sequence = 0
  }

  /** Returns whether each live call is answered, by linkedid; presence must show the same. */
  answered(): Map<string, boolean> {
    return new Map([...this.#live].map((call) => [call.a.id, call.answerMs !== undefined]))
  }

  channels(): Channel[] {
    return [...this.#live].flatMap(({ a, b }) => (b ? [{ ...a }, { ...b }] : [{ ...a }]))
  }

  bridges(): unknown[] {
    return [...this.#live].flatMap(({ bridge }) => (bridge ? [{ ...bridge }] : []))
  }

  linkedid(channel: string): string | undefined {
    for (const { a, b } of this.#live) if (a.id === channel || b?.id === channel) return a.id
    return undefined
  }

  #channel(device: string, state: string, application: string): Channel {
    this.#channels += 1
    const number = device.slice(6)
    return {
      // The run number keeps ids unique when a fault sets the clock back.
      id: `pbx1-${Math.floor(this.#wall() / 1000)}.${this.#runs * 1000 + this.#channels}`,
      name: `${device}-${this.#channels.toString(16).padStart(8, '0')}`,
      state,
      caller: { name: `Phone é${number}`, number },
      dialplan: { context: 'internal', exten: application === '' ? '61' : '', app_name: application || 'Dial' },
      creationtime: this.#stamp(),
    }
  }

  #soon(fromMs: number, toMs: number, call: Call, step: () => void): void {
    this.#time.after(this.#chance.between(fromMs, toMs), () => {
      if (this.#live.has(call)) step()
    })
  }

  #wall(): number {
    return this.#time.wallMs + this.#time.nowMs
  }

  #stamp(): string {
    return new Date(this.#wall()).toISOString().replace('Z', '+0000')
  }
}
