import * as v from 'valibot'

const Channel = v.looseObject({ id: v.string(), name: v.string(), state: v.string() })
const Bridge = v.looseObject({ id: v.string(), channels: v.array(v.string()) })
const Event = v.looseObject({
  type: v.string(),
  timestamp: v.optional(v.string(), ''),
  channel: v.optional(Channel),
  peer: v.optional(Channel),
  caller: v.optional(Channel),
  bridge: v.optional(Bridge),
  device_state: v.optional(v.object({ name: v.string(), state: v.string() })),
  endpoint: v.optional(v.looseObject({ technology: v.string(), resource: v.string(), state: v.string() })),
})
type Channel = v.InferOutput<typeof Channel>
type Bridge = v.InferOutput<typeof Bridge>

/** The state that the simulated Asterisk returns by REST, updated by the events that it replays. */
export class PbxModel {
  readonly #channels = new Map<string, Channel>()
  readonly #linkedids = new Map<string, string>()
  readonly #bridges = new Map<string, Bridge>()
  readonly #devices = new Map([
    ['PJSIP/5860', 'NOT_INUSE'],
    ['PJSIP/5861', 'NOT_INUSE'],
    ['PJSIP/5862', 'UNAVAILABLE'],
    ['PJSIP/mytrunk', 'NOT_INUSE'],
  ])

  /** Applies an event. A recording has one call, so all its channels have this `linkedid`. */
  apply(text: string, linkedid: string): void {
    const event = v.parse(Event, JSON.parse(text))
    for (const channel of [event.channel, event.peer, event.caller]) {
      if (!channel || (event.type !== 'ChannelCreated' && !this.#channels.has(channel.id))) continue
      this.#channels.set(channel.id, channel)
      this.#linkedids.set(channel.id, linkedid)
    }
    if (event.type === 'ChannelDestroyed' && event.channel) this.#removeChannel(event.channel.id)
    if (event.bridge) this.#bridges.set(event.bridge.id, event.bridge)
    if (event.type === 'BridgeDestroyed' && event.bridge) this.#bridges.delete(event.bridge.id)
    if (event.device_state?.name.startsWith('PJSIP/'))
      this.#devices.set(event.device_state.name, event.device_state.state)
  }

  #removeChannel(channel: string): void {
    this.#channels.delete(channel)
    this.#linkedids.delete(channel)
  }

  /** Returns events that end the open channels and bridges of a recording that stops during its call. */
  endings(linkedid: string, timestamp: string): string[] {
    const events: object[] = []
    for (const channel of this.#channels.values()) {
      if (this.#linkedids.get(channel.id) !== linkedid) continue
      const cause = { cause: 16, cause_txt: 'Normal Clearing' }
      events.push({ type: 'ChannelDestroyed', timestamp, ...cause, channel, application: 'x' })
    }
    for (const bridge of this.#bridges.values())
      events.push({ type: 'BridgeDestroyed', timestamp, bridge, application: 'x' })
    if (this.#channels.size > events.length) return events.map((event) => JSON.stringify(event))
    for (const [name, state] of this.#devices) {
      if (state === 'NOT_INUSE' || state === 'UNAVAILABLE') continue
      events.push({
        type: 'DeviceStateChanged',
        timestamp,
        device_state: { name, state: 'NOT_INUSE' },
        application: 'x',
      })
    }
    return events.map((event) => JSON.stringify(event))
  }

  channels(): Channel[] {
    return [...this.#channels.values()]
  }

  bridges(): Bridge[] {
    return [...this.#bridges.values()]
  }

  linkedid(channel: string): string | undefined {
    return this.#linkedids.get(channel)
  }

  deviceState(name: string): { name: string; state: string } {
    return { name, state: this.#devices.get(name) ?? 'INVALID' }
  }

  endpoints(): object[] {
    return [...this.#devices].map(([name, state]) => {
      const [technology, resource] = name.split('/')
      const channels = this.channels().filter((channel) => channel.name.startsWith(`${name}-`))
      const reachable = state === 'UNAVAILABLE' ? 'offline' : 'online'
      return { technology, resource, state: reachable, channel_ids: channels.map(({ id }) => id) }
    })
  }
}
