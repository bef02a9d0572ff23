import { once } from 'node:events'
import * as v from 'valibot'
import { WebSocket } from 'ws'

const Told = v.looseObject({
  type: v.string(),
  digit: v.optional(v.string()),
  channel: v.optional(v.looseObject({ id: v.string(), name: v.string() })),
  playback: v.optional(v.looseObject({ media_uri: v.string(), target_uri: v.string() })),
})

/** Every sound that an exchange begins to play to a phone, as its own events tell. */
export class Playbacks implements AsyncDisposable {
  readonly #endpoints = new Map<string, string>()
  readonly #played: { endpoint: string; name: string; ms: number }[] = []
  readonly #keys: { endpoint: string; digit: string; ms: number }[] = []
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
    this.#socket.on('message', (data) => this.#take(v.parse(Told, JSON.parse(data.toString()))))
    await once(this.#socket, 'open')
    return this
  }

  #take({ type, channel, playback, digit = '' }: v.InferOutput<typeof Told>): void {
    if (type === 'ChannelCreated' && channel) this.#endpoints.set(channel.id, endpointOf(channel.name))
    if (type === 'ChannelDtmfReceived' && channel)
      this.#keys.push({ endpoint: endpointOf(channel.name), digit, ms: performance.now() })
    if ((type !== 'PlaybackStarted' && type !== 'PlaybackContinuing') || !playback) return
    const endpoint = this.#endpoints.get(playback.target_uri.replace(/^channel:/, '')) ?? ''
    this.#played.push({ endpoint, name: playback.media_uri.split('/').at(-1) ?? '', ms: performance.now() })
  }

  /** When Asterisk last heard a key of this phone, by `performance.now()`. */
  lastKeyMs(endpoint: string): number {
    return this.#keys.findLast((key) => key.endpoint === endpoint)?.ms ?? Number.NaN
  }

  /** All of a phone's keys and sounds by now in their order, for a person who looks for what went wrong. */
  story(endpoint: string): string {
    const all = [...this.#played, ...this.#keys].filter((one) => one.endpoint === endpoint)
    const told = all
      .sort((a, b) => a.ms - b.ms)
      .map((one) => ('digit' in one ? `key ${one.digit}` : one.name.slice(0, 8)))
    return told.join(', ')
  }

  get count(): number {
    return this.#played.length
  }

  /** The first time from the nth of all on that a sound began to be played to a phone; `ms` is `performance.now()`. */
  find(endpoint: string, name: string, from: number): { n: number; ms: number } | undefined {
    const n = this.#played.findIndex((one, at) => at >= from && one.endpoint === endpoint && one.name === name)
    const found = this.#played[n]
    return found && { n, ms: found.ms }
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
