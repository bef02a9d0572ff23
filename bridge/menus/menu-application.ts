import type { AriConnection, AriLink } from '../asterisk/ari-connection.ts'
import { AriUnreachableError } from '../asterisk/ari-errors.ts'
import { ReconnectPolicy } from '../asterisk/reconnect-policy.ts'
import type { ComponentState } from '../operate/components.ts'
import { describeError } from '../operate/log.ts'
import { wait } from '../operate/wait.ts'
import type { Menu } from './menu.ts'
import { MenuCall, type MenuDependencies } from './menu-call.ts'
import { MenuChannel } from './menu-channel.ts'
import { allowedTypes, callerOf, type MenuChannelInfo, readChannels, readMenuFrame } from './menu-events.ts'

export interface MenuApplicationOptions extends MenuDependencies {
  /** A connection of the menus' own Stasis application, so that digits never reach the application that forwards events. */
  link: AriLink
  application: string
  /** Menus by extension, the argument in the dial plan's `Stasis(application,extension)`. */
  menus: ReadonlyMap<string, Menu>
}

/** The Stasis application of voice menus. It serves every caller that the dial plan sends to it, and adopts waiting ones. */
export class MenuApplication {
  readonly #options: MenuApplicationOptions
  readonly #calls = new Map<string, MenuCall>()
  #failure: string | undefined = 'not connected yet'

  constructor(options: MenuApplicationOptions) {
    this.#options = options
  }

  get state(): ComponentState {
    return { isUp: this.#failure === undefined, reason: this.#failure ?? 'connected to Asterisk' }
  }

  /** Connects and reconnects until the signal aborts. While disconnected, the dial plan's fallback serves callers. */
  async run(signal: AbortSignal): Promise<void> {
    const { log, counters } = this.#options
    const policy = new ReconnectPolicy()
    // Another client that registers the same application takes all of its callers: reconnecting would fight with it.
    const replaced = new AbortController()
    const end = AbortSignal.any([signal, replaced.signal])
    while (!end.aborted) {
      const connectedMs = performance.now()
      let lifetimeMs = 0
      try {
        const reason = await this.#serveConnection(end, () => replaced.abort())
        lifetimeMs = performance.now() - connectedMs
        this.#failure = reason
        if (!signal.aborted) log.warn('menus disconnected from Asterisk', { reason })
      } catch (error) {
        if (!signal.aborted) counters.add('menus-unreachable')
        this.#failure = describeError(error)
        log.debug('menus cannot connect to Asterisk', { reason: describeError(error) })
      }
      await wait(policy.nextMs(lifetimeMs), end)
    }
    if (replaced.signal.aborted) {
      this.#failure = 'another client took over the menus application'
      log.error('another client took over the menus application', { application: this.#options.application })
    }
  }

  /** Serves callers until the connection closes; returns why it closed. */
  async #serveConnection(signal: AbortSignal, onReplaced: () => void): Promise<string> {
    const { link, application, log } = this.#options
    const connectionEnd = new AbortController()
    const framesBeforeFilter: Buffer[] = []
    let ready: AriConnection | undefined
    const onFrame = (frame: Buffer) => {
      if (ready) this.#handleFrame(frame, ready, connectionEnd.signal, onReplaced)
      else framesBeforeFilter.push(frame)
    }
    const connection = await link.connect(onFrame, signal)
    const close = () => connection.close()
    signal.addEventListener('abort', close, { once: true })
    try {
      const filter = { allowed: allowedTypes.map((type) => ({ type })) }
      await connection.requests.put(`/applications/${encodeURIComponent(application)}/eventFilter`, filter, signal)
      ready = connection
      for (const frame of framesBeforeFilter.splice(0)) onFrame(frame)
      const adopted = await this.#adoptCallers(connection, signal, connectionEnd.signal)
      this.#failure = undefined
      log.info('menus ready', { menus: this.#options.menus.size, adopted })
      if (signal.aborted) close()
      return await connection.closed
    } finally {
      connection.close()
      connectionEnd.abort()
      signal.removeEventListener('abort', close)
      // Callers stay in Asterisk and hear the waiting sound until the next connection adopts them.
      for (const call of [...this.#calls.values()]) call.end('left to the next connection')
    }
  }

  /** Starts the menu for callers who entered the application while the bridge was not connected; returns how many. */
  async #adoptCallers({ requests }: AriConnection, signal: AbortSignal, end: AbortSignal): Promise<number> {
    const { application } = this.#options
    const channels = readChannels(await requests.get('/channels', signal))
    if (!channels) throw new AriUnreachableError('/channels: not an answer of ARI')
    let adopted = 0
    for (const channel of channels) {
      const [channelApplication, extension = ''] = channel.dialplan.app_data.split(',')
      const isOurs = channel.dialplan.app_name === 'Stasis' && channelApplication === application
      if (!isOurs || this.#calls.has(channel.id)) continue
      const source = encodeURIComponent(`channel:${channel.id}`)
      await requests.post(
        `/applications/${encodeURIComponent(application)}/subscription?eventSource=${source}`,
        {},
        signal,
      )
      this.#startCall(channel, extension, { requests, end, isAdopted: true })
      adopted += 1
    }
    return adopted
  }

  #handleFrame(frame: Buffer, { requests }: AriConnection, end: AbortSignal, onReplaced: () => void): void {
    const event = readMenuFrame(frame)
    if (event === 'malformed') {
      this.#options.counters.add('ari-frame-malformed')
      this.#options.log.warn('ari-frame-malformed', { reason: 'a frame of the menus', bytes: frame.length })
    }
    if (event === 'malformed' || event === 'ignored') return
    switch (event.type) {
      case 'StasisStart':
        this.#startCall(event.channel, event.args[0] ?? '', { requests, end, isAdopted: false })
        break
      case 'StasisEnd':
        this.#calls.get(event.channel.id)?.end('hung up')
        break
      case 'ChannelDtmfReceived':
        this.#calls.get(event.channel.id)?.handle({ type: 'digit', digit: event.digit })
        break
      case 'PlaybackFinished': {
        const { id, target_uri, state } = event.playback
        this.#calls.get(target_uri.replace(/^channel:/, ''))?.playbackFinished(id, state === 'failed')
        break
      }
      case 'ApplicationReplaced':
        onReplaced()
        break
    }
  }

  #startCall(
    info: MenuChannelInfo,
    extension: string,
    { requests, end, isAdopted }: { requests: AriConnection['requests']; end: AbortSignal; isAdopted: boolean },
  ): void {
    const { menus, log, counters } = this.#options
    this.#calls.get(info.id)?.end('sent to another menu')
    const channel = new MenuChannel(info.id, requests, end)
    const menu = menus.get(extension)
    if (!menu) {
      counters.add('menu-unknown')
      log.warn('menu unknown', { menu: extension })
      channel.hangUp().catch((error: unknown) => log.warn('leaving the menu failed', { reason: describeError(error) }))
      return
    }
    counters.add(isAdopted ? 'menu-adopted' : 'menu-calls')
    const call: MenuCall = new MenuCall({ menu, channel, caller: callerOf(info) }, this.#options, () => {
      if (this.#calls.get(info.id) === call) this.#calls.delete(info.id)
    })
    this.#calls.set(info.id, call)
    call.start({ isAdopted })
  }
}
