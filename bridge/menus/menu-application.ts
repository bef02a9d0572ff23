import * as v from 'valibot'
import type { AriConnection, AriLink } from '../asterisk/ari-connection.ts'
import { ReconnectPolicy } from '../asterisk/reconnect-policy.ts'
import { describeError } from '../operate/log.ts'
import { wait } from '../operate/wait.ts'
import type { Menu } from './menu.ts'
import { MenuCall, type MenuDependencies } from './menu-call.ts'
import { MenuChannel } from './menu-channel.ts'
import { allowedTypes, Channels, callerOf, type MenuChannelInfo, MenuWireEvent } from './menu-events.ts'

export interface MenuApplicationOptions extends MenuDependencies {
  /** Of an application of the menus' own: digits never reach the one that forwards events. */
  link: AriLink
  application: string
  /** By extension, as the dial plan names them to `Stasis(application,extension)`. */
  menus: ReadonlyMap<string, Menu>
}

/** The voice menus of a PBX: takes every caller that the dial plan sends, and adopts those that it finds waiting. */
export class MenuApplication {
  readonly #options: MenuApplicationOptions
  readonly #calls = new Map<string, MenuCall>()

  constructor(options: MenuApplicationOptions) {
    this.#options = options
  }

  /** Connects, and connects anew, until the signal aborts. While there is no connection the dial plan's fallback answers. */
  async run(signal: AbortSignal): Promise<void> {
    const { log, counters } = this.#options
    const policy = new ReconnectPolicy()
    let isReplaced = false
    const replaced = new AbortController()
    const end = AbortSignal.any([signal, replaced.signal])
    while (!end.aborted) {
      const began = performance.now()
      let livedMs = 0
      try {
        const reason = await this.#connected(end, () => replaced.abort())
        livedMs = performance.now() - began
        if (!signal.aborted) log.warn('menus without Asterisk', { reason })
      } catch (error) {
        if (!signal.aborted) counters.add('menus-unreachable')
        log.debug('menus not connected', { reason: describeError(error) })
      }
      isReplaced = replaced.signal.aborted
      await wait(policy.nextMs(livedMs), end)
    }
    if (isReplaced) log.error('menus replaced', { application: this.#options.application })
  }

  async #connected(signal: AbortSignal, onReplaced: () => void): Promise<string> {
    const { link, application, log } = this.#options
    const over = new AbortController()
    const early: Buffer[] = []
    let connection: AriConnection | undefined
    const take = (frame: Buffer) => {
      if (connection) this.#take(frame, connection, over.signal, onReplaced)
      else early.push(frame)
    }
    const opened = await link.connect(take, signal)
    const close = () => opened.close()
    signal.addEventListener('abort', close, { once: true })
    try {
      const filter = { allowed: allowedTypes.map((type) => ({ type })) }
      await opened.requests.put(`/applications/${encodeURIComponent(application)}/eventFilter`, filter, signal)
      connection = opened
      for (const frame of early.splice(0)) take(frame)
      const adopted = await this.#adopt(opened, signal, over.signal)
      log.info('menus ready', { menus: this.#options.menus.size, adopted })
      if (signal.aborted) close()
      return await opened.closed
    } finally {
      opened.close()
      over.abort()
      signal.removeEventListener('abort', close)
      // Callers stay in Asterisk, with the sound of waiting, for whoever connects next.
      for (const call of [...this.#calls.values()]) call.end('left to the next connection')
    }
  }

  /** Callers who came while nobody was there to hear it: a bridge restarted, a connection that broke. */
  async #adopt({ requests }: AriConnection, signal: AbortSignal, over: AbortSignal): Promise<number> {
    const { application } = this.#options
    const channels = v.parse(Channels, await requests.get('/channels', signal))
    let adopted = 0
    for (const channel of channels) {
      const [app, extension = ''] = channel.dialplan.app_data.split(',')
      if (channel.dialplan.app_name !== 'Stasis' || app !== application || this.#calls.has(channel.id)) continue
      const source = encodeURIComponent(`channel:${channel.id}`)
      await requests.post(
        `/applications/${encodeURIComponent(application)}/subscription?eventSource=${source}`,
        {},
        signal,
      )
      this.#begin(channel, extension, { requests, over, isAdopted: true })
      adopted += 1
    }
    return adopted
  }

  #take(frame: Buffer, { requests }: AriConnection, over: AbortSignal, onReplaced: () => void): void {
    const parsed = v.safeParse(MenuWireEvent, JSON.parse(frame.toString('utf8')))
    // The filter is put after the connection stands: until then any event may come.
    if (!parsed.success) return
    const event = parsed.output
    switch (event.type) {
      case 'StasisStart':
        this.#begin(event.channel, event.args[0] ?? '', { requests, over, isAdopted: false })
        break
      case 'StasisEnd':
        this.#calls.get(event.channel.id)?.end('hung up')
        break
      case 'ChannelDtmfReceived':
        this.#calls.get(event.channel.id)?.handle({ type: 'digit', digit: event.digit })
        break
      case 'PlaybackFinished': {
        const { id, target_uri, state } = event.playback
        this.#calls.get(target_uri.replace(/^channel:/, ''))?.playbackEnded(id, state === 'failed')
        break
      }
      case 'ApplicationReplaced':
        onReplaced()
        break
    }
  }

  #begin(
    info: MenuChannelInfo,
    extension: string,
    at: { requests: AriConnection['requests']; over: AbortSignal; isAdopted: boolean },
  ): void {
    const { menus, log, counters } = this.#options
    this.#calls.get(info.id)?.end('sent to another menu')
    const channel = new MenuChannel(info.id, at.requests, at.over)
    const menu = menus.get(extension)
    if (!menu) {
      counters.add('menu-unknown')
      log.warn('menu unknown', { menu: extension })
      channel.hangUp().catch((error: unknown) => log.warn('menu not left', { reason: describeError(error) }))
      return
    }
    counters.add(at.isAdopted ? 'menu-adopted' : 'menu-calls')
    const call: MenuCall = new MenuCall({ menu, channel, caller: callerOf(info) }, this.#options, () => {
      if (this.#calls.get(info.id) === call) this.#calls.delete(info.id)
    })
    this.#calls.set(info.id, call)
    call.start({ isAdopted: at.isAdopted })
  }
}
