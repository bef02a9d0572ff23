import type { AriConnection, AriLink } from '../../../bridge/asterisk/ari-connection.ts'
import { AriRefusedError, AriUnreachableError } from '../../../bridge/asterisk/ari-errors.ts'
import type { Chance } from './chance.ts'
import { ModelCalls } from './model-calls.ts'
import type { Life, Time } from './time.ts'

interface Socket {
  send(frame: Buffer): void
  end(reason: string): void
  isHalfOpen: boolean
  life: Life
}

const pingDeadMs = 10_000
/** Frames that Asterisk buffers for a client that does not read, before it closes the connection. */
const unreadMax = 3000

/** Asterisk as the bridge sees it: one event socket, REST, and devices and calls that change at random. */
export class ModelPbx {
  readonly devices = new Map<string, string>()
  readonly calls: ModelCalls
  readonly #time: Time
  readonly #chance: Chance
  #socket: Socket | undefined
  #unread = 0
  isUp = true
  /** Number of the next device state events to lose. */
  lost = 0
  /** Whether Asterisk connects to the bridge and buffers events while disconnected. */
  readonly #isDialling: boolean
  #buffered: Buffer[] = []

  constructor(time: Time, chance: Chance, onCdr: (row: Record<string, unknown>) => void) {
    this.#time = time
    this.#chance = chance
    this.#isDialling = chance.in(0.5)
    for (const resource of ['5860', '5861', '5862', '5863']) this.devices.set(`PJSIP/${resource}`, 'NOT_INUSE')
    this.calls = new ModelCalls(time, chance, {
      emit: (event) => this.#emit(event),
      setDevice: (device, state) => this.setDevice(device, state),
      onCdr,
    })
  }

  setDevice(device: string, state: string): void {
    if (this.devices.get(device) === state) return
    this.devices.set(device, state)
    this.#emit({ type: 'DeviceStateChanged', device_state: { name: device, state } })
  }

  /** Takes an idle device off line, or on line again. */
  flicker(): void {
    const idle = [...this.devices].filter(([, state]) => state === 'NOT_INUSE' || state === 'UNAVAILABLE')
    if (idle.length === 0) return
    const [device, state] = this.#chance.pick(idle)
    this.setDevice(device, state === 'NOT_INUSE' ? 'UNAVAILABLE' : 'NOT_INUSE')
  }

  /** Emits many events; one in twenty changes a device. */
  flood(count: number): void {
    for (let sent = 0; sent < count; sent += 1) {
      if (sent % 20 === 0) this.flicker()
      else this.#emit({ type: 'ChannelVarset', variable: 'X', value: '1' })
    }
  }

  #emit(event: Record<string, unknown>): void {
    if (this.lost > 0 && event['type'] === 'DeviceStateChanged') {
      this.lost -= 1
      return
    }
    const frame = Buffer.from(JSON.stringify({ ...event, timestamp: this.#stamp(), application: 'switchhook-events' }))
    if (this.#socket) this.#socket.send(frame)
    else if (this.#isDialling) this.#buffered.push(frame)
  }

  /** The time in ARI's format. */
  #stamp(): string {
    return new Date(this.#time.wallMs + this.#time.nowMs).toISOString().replace('Z', '+0000')
  }

  cut(reason = 'closed by Asterisk (1006)'): void {
    this.#socket?.end(reason)
  }

  halfOpen(): void {
    const socket = this.#socket
    if (!socket) return
    socket.isHalfOpen = true
    this.#time.after(pingDeadMs, () => socket.end('no answer to pings'), socket.life)
  }

  /** Restarts Asterisk: live calls end, with their call records or, if Asterisk was killed, without. */
  restart(downMs: number): void {
    this.isUp = false
    this.cut()
    this.#buffered = []
    this.calls.restart()
    for (const device of this.devices.keys()) this.devices.set(device, 'NOT_INUSE')
    this.#time.after(downMs, () => {
      this.isUp = true
    })
  }

  link(life: Life): AriLink {
    const direction = this.#isDialling ? 'outbound' : 'inbound'
    return { direction, connect: (onFrame) => this.#connect(onFrame, life) }
  }

  async #connect(onFrame: (frame: Buffer) => void, life: Life): Promise<AriConnection> {
    await this.#pass(life)
    if (!this.isUp) {
      if (this.#isDialling) await this.#time.pass(10_000, life)
      throw new AriUnreachableError('connect ECONNREFUSED')
    }
    this.#socket?.end('closed')
    const closed = Promise.withResolvers<string>()
    const state = { isOpen: true, lastSeenMs: 0 }
    const noteSeen = () => {
      state.lastSeenMs = Math.floor(this.#time.wallMs + this.#time.nowMs)
    }
    noteSeen()
    this.#unread = 0
    const socket: Socket = {
      life,
      isHalfOpen: false,
      send: (frame) => {
        if (socket.isHalfOpen || !state.isOpen) return
        this.#unread += 1
        if (this.#unread > unreadMax) return socket.end('closed by Asterisk (1006)')
        this.#time.after(
          0.5,
          () => {
            this.#unread -= 1
            noteSeen()
            onFrame(frame)
          },
          life,
        )
      },
      end: (reason) => {
        state.isOpen = false
        if (this.#socket === socket) this.#socket = undefined
        this.#time.after(0.6, () => closed.resolve(reason), life)
      },
    }
    this.#socket = socket
    for (const frame of this.#buffered.splice(0)) socket.send(frame)
    const request = async (path: string) => {
      await this.#pass(life)
      if (!this.isUp || socket.isHalfOpen) {
        if (socket.isHalfOpen) await this.#time.pass(5000, life)
        throw new AriUnreachableError(`${path}: no answer`)
      }
      noteSeen()
      return this.#answer(path)
    }
    return {
      requests: { get: request, put: request, post: request, delete: request },
      closed: closed.promise,
      get lastSeenMs() {
        return state.lastSeenMs
      },
      close: () => socket.end('closed'),
    }
  }

  #pass(life: Life): Promise<void> {
    return this.#time.pass(this.#chance.between(0.2, 3), life)
  }

  #answer(path: string): unknown {
    const [, what = '', id = ''] = path.split('/')
    const device = decodeURIComponent(id)
    switch (what) {
      case 'applications':
        return {}
      case 'endpoints':
        return [...this.devices].map(([name, state]) => {
          const [technology, resource] = name.split('/')
          return { technology, resource, state: state === 'UNAVAILABLE' ? 'offline' : 'online', channel_ids: [] }
        })
      case 'deviceStates':
        return { name: device, state: this.devices.get(device) ?? 'INVALID' }
      case 'bridges':
        return this.calls.bridges()
      case 'channels': {
        if (id === '') return this.calls.channels()
        const linkedid = this.calls.linkedid(device)
        if (linkedid === undefined) throw new AriRefusedError(404, path)
        return { value: linkedid }
      }
      default:
        throw new AriRefusedError(404, path)
    }
  }
}
