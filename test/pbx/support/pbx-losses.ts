import { setTimeout as pause } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { connect, type Live } from '../../../client/index.ts'
import { presenceOf } from '../../../contracts/presence.ts'
import { until } from '../../support/until.ts'
import type { Stack } from './stack.ts'

/** `hung`: its sockets stay open, and nothing answers. */
export type Loss = 'stopped' | 'killed' | 'hung'
export const losses: readonly Loss[] = ['killed', 'hung', 'stopped']

export interface LossTimes {
  loss: Loss
  toldDownMs: number
  /** From the return of Asterisk, which answers then, until clients and the HTTP API say so. */
  toldUpMs: number
}

/** Asterisk ends a call whose phones are gone after half a minute. */
const settleMsMax = 60_000

interface HttpView {
  pbx?: { state: string; since: string }
  endpoints: { deviceState: string; reachability: string; confirmed?: boolean }[]
}
interface BridgeView {
  bridge: { state: string; since?: string; version?: string }
  pbx?: { state: string; since: string }
  lastGap?: { reason: string }
}

/** What a client and the HTTP API show of one site. */
export class PbxViews implements Disposable {
  readonly live: Live
  readonly #stack: Stack

  constructor(stack: Stack) {
    const { deployment, site } = stack
    this.#stack = stack
    this.live = connect({
      apiUrl: deployment.cloud.httpUrl,
      site: site.site,
      key: site.apiKey,
      WebSocket: WebSocket as never,
    })
  }

  async #get<T>(path: string): Promise<T> {
    const { deployment, site } = this.#stack
    return (await (await deployment.call('GET', `/v1/sites/${site.site}/${path}`, { key: site.apiKey })).json()) as T
  }

  http = (): Promise<HttpView> => this.#get('endpoints')
  bridge = (): Promise<BridgeView> => this.#get('bridge')

  /** The state of the PBX in each frame, for every client of the protocol, and where a client of this repository has it. */
  async says(state: 'up' | 'down'): Promise<boolean> {
    const frames = this.#stack.client.frames.flatMap((frame) => ('pbx' in frame && frame['pbx'] ? [frame['pbx']] : []))
    const lastFrame = frames.at(-1) as { state?: string } | undefined
    if (lastFrame?.state !== state || this.live.pbx?.state !== state) return false
    const [http, bridge] = await Promise.all([this.http(), this.bridge()])
    return http.pbx?.state === state && bridge.pbx?.state === state
  }

  /** Returns what is shown as sure although nobody can know it. */
  async claims(): Promise<string[]> {
    const endpoints = [...this.live.endpoints.values()].map(({ state }) => state)
    const { endpoints: listed } = await this.http()
    return [
      ...endpoints
        .filter((state) => presenceOf(state).presence !== 'unknown' || state.reachability === 'online')
        .map(({ endpoint, deviceState }) => `client: ${endpoint} ${deviceState}`),
      ...[...this.live.calls.values()]
        .filter(({ state }) => state.confirmed !== false)
        .map(({ id }) => `client: ${id}`),
      ...listed
        .filter((one) => one.deviceState !== 'UNKNOWN' || one.reachability !== 'unknown' || one.confirmed !== false)
        .map((one) => `http: ${JSON.stringify(one)}`),
      ...(endpoints.length === 0 || listed.length === 0 ? ['no endpoint at all'] : []),
    ]
  }

  /** Returns what is shown otherwise than Asterisk says. */
  async differences(): Promise<string[]> {
    const { endpoints } = await this.http()
    const shown = [...this.live.endpoints.values()].filter(({ state }) => state.technology === 'PJSIP')
    const says = await Promise.all(shown.map(({ id }) => this.#stack.deviceState(id)))
    const channels = await this.#stack.pbx.pbx.cli('core show channels count')
    const isLive = !channels.includes('0 active channels')
    return [
      ...shown.flatMap(({ id, state }, n) =>
        state.deviceState === says[n] && state.confirmed === undefined
          ? []
          : [`client: ${id} ${says[n]}, shown ${state.deviceState}, confirmed: ${state.confirmed}`],
      ),
      ...endpoints.filter(({ confirmed }) => confirmed !== undefined).map((one) => `http: ${JSON.stringify(one)}`),
      ...(isLive === this.live.calls.size > 0 ? [] : [`${this.live.calls.size} calls shown, ${channels.trim()}`]),
    ]
  }

  [Symbol.dispose](): void {
    this.live.stop()
  }
}

/** Loses Asterisk during a call, lets it return, and checks what everybody is told. Throws what is wrong. */
export async function losePbx(stack: Stack, views: PbxViews, loss: Loss, awayMs = 3_000): Promise<LossTimes> {
  const { pbx, phones } = stack.pbx
  await until('PBX up', () => views.says('up'))
  const call = await phones.call({ from: '60', to: '61' })
  await call.answered
  await until('the live call', async () => views.live.calls.size > 0)
  const lostMs = performance.now()
  if (loss === 'stopped') await pbx.stop()
  else await pbx.kill(loss === 'killed' ? 'SIGKILL' : 'SIGSTOP')
  let backMs: number
  let toldDownMs: number
  try {
    await until('everybody to be told that the PBX is down', () => views.says('down'))
    toldDownMs = performance.now() - lostMs
    const end = performance.now() + awayMs
    do {
      const claims = await views.claims()
      if (claims.length > 0) throw new Error(`${loss}, shown as sure: ${claims.slice(0, 3).join('; ')}`)
      await pause(200)
    } while (performance.now() < end)
    const { bridge } = await views.bridge()
    if (bridge.state !== 'connected') throw new Error(`the bridge is ${bridge.state} while the PBX is ${loss}`)
  } finally {
    if (loss === 'hung') await pbx.kill('SIGCONT')
    else await pbx.start()
    backMs = performance.now()
  }
  await until('everybody to be told that the PBX is up', () => views.says('up'))
  const toldUpMs = performance.now() - backMs
  if (loss !== 'hung') for (const number of ['60', '61']) await phones.register(number)
  await call.hangup().catch(() => undefined)
  let wrong: string[] = []
  const isRight = async () => {
    wrong = await views.differences()
    return wrong.length === 0
  }
  await until('presence as Asterisk says', isRight, settleMsMax).catch((cause: unknown) => {
    throw new Error(`after it was ${loss}: ${wrong.slice(0, 5).join('; ')}`, { cause })
  })
  return { loss, toldDownMs, toldUpMs }
}
