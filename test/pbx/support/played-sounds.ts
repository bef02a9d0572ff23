import { once } from 'node:events'
import * as v from 'valibot'
import { WebSocket } from 'ws'
import { until } from '../../support/until.ts'

const Event = v.looseObject({
  type: v.string(),
  digit: v.optional(v.string()),
  dialplan_app: v.optional(v.string()),
  dialplan_app_data: v.optional(v.string()),
  channel: v.optional(v.looseObject({ id: v.string(), name: v.string() })),
  playback: v.optional(v.looseObject({ media_uri: v.string(), target_uri: v.string() })),
})
type Event = v.InferOutput<typeof Event>

/** A sound that Asterisk began to play, by the name of its file. */
export interface PlayedSound {
  name: string
  /** Time by `performance.now()`; undefined for all but the first of a list of sounds in the dial plan. */
  ms: number | undefined
}

interface Entry extends PlayedSound {
  kind: 'sound' | 'key'
}

/** Records which sounds Asterisk plays to which phone and which keys it receives, by Asterisk's own events. */
export class PlayedSounds implements AsyncDisposable {
  readonly #endpoints = new Map<string, string>()
  readonly #entries = new Map<string, Entry[]>()
  readonly #gone = new Set<string>()
  #socket: WebSocket | undefined

  async open({
    ariUrl,
    ariUser,
    ariPassword,
  }: {
    ariUrl: string
    ariUser: string
    ariPassword: string
  }): Promise<this> {
    const headers = { authorization: `Basic ${btoa(`${ariUser}:${ariPassword}`)}` }
    const url = `${ariUrl.replace(/^http/, 'ws')}/events?app=observer&subscribeAll=true`
    this.#socket = new WebSocket(url, { headers })
    this.#socket.on('message', (data) => this.#take(v.parse(Event, JSON.parse(data.toString()))))
    await once(this.#socket, 'open')
    return this
  }

  #take({ type, channel, playback, digit = '', dialplan_app, dialplan_app_data = '' }: Event): void {
    const ms = performance.now()
    const endpoint = channel ? endpointOf(channel.name) : ''
    switch (type) {
      case 'ChannelCreated':
        if (channel) this.#endpoints.set(channel.id, endpoint)
        break
      case 'ChannelDestroyed':
        this.#gone.add(endpoint)
        break
      case 'ChannelDtmfReceived':
        this.#append(endpoint, { kind: 'key', name: digit, ms })
        break
      case 'ChannelDialplan':
        if (dialplan_app !== 'Playback') break
        for (const [n, name] of dialplan_app_data.split('&').entries())
          this.#append(endpoint, { kind: 'sound', name, ms: n === 0 ? ms : undefined })
        break
      // Asterisk sends PlaybackStarted for each sound of a list, and PlaybackContinuing between two of them.
      case 'PlaybackStarted': {
        const { media_uri = '', target_uri = '' } = playback ?? {}
        const name = media_uri.split('/').at(-1) ?? ''
        const target = this.#endpoints.get(target_uri.replace(/^channel:/, '')) ?? ''
        this.#append(target, { kind: 'sound', name, ms })
      }
    }
  }

  #append(endpoint: string, entry: Entry): void {
    const entries = this.#entries.get(endpoint) ?? []
    this.#entries.set(endpoint, entries)
    entries.push(entry)
  }

  /** Returns the time by `performance.now()` at which Asterisk received the last key of this phone. */
  lastKeyMs(endpoint: string): number {
    return this.#entries.get(endpoint)?.findLast(({ kind }) => kind === 'key')?.ms ?? Number.NaN
  }

  /** Returns a phone's sounds and keys until now in one line, for the message of a failed test. */
  story(endpoint: string): string {
    const entries = this.#entries.get(endpoint) ?? []
    return entries.map(({ kind, name }) => (kind === 'key' ? `key ${name}` : name.slice(0, 8))).join(', ')
  }

  /** Returns all sounds that were played to a phone until now, in order. */
  of(endpoint: string): readonly PlayedSound[] {
    return (this.#entries.get(endpoint) ?? []).filter(({ kind }) => kind === 'sound')
  }

  /** Waits until the phone's call has ended, so that no event is still to come; returns all sounds that it played. */
  async whole(endpoint: string): Promise<readonly PlayedSound[]> {
    await until(`the end of the call of ${endpoint}`, async () => this.#gone.has(endpoint))
    return this.of(endpoint)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#socket) return
    const closed = once(this.#socket, 'close')
    this.#socket.close()
    await closed
  }
}

function endpointOf(channel: string): string {
  return /^PJSIP\/([^-]+)-/.exec(channel)?.[1] ?? ''
}
