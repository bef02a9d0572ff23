import { expect, onTestFinished } from 'vitest'
import { type ConnectOptions, connect } from '../../client/index.ts'
import { type Peer, startPeer } from '../browser/support/peer.ts'
import { VirtualClock } from '../browser/support/virtual-clock.ts'

/** Visibility and network state, which a test sets. */
class ScriptedEnvironment {
  visible = true
  online = true
  #onChange: (() => void) | undefined
  isVisible = () => this.visible
  isOnline = () => this.online
  watch = (onChange: () => void) => {
    this.#onChange = onChange
  }
  become(next: { visible?: boolean; online?: boolean }): void {
    Object.assign(this, next)
    this.#onChange?.()
  }
}

/** Connects a client with a virtual clock to a scripted peer. */
export async function clientSetting(
  prepare?: (peer: Peer, environment: ScriptedEnvironment) => void,
  options: Partial<ConnectOptions> = {},
) {
  const peer = await startPeer()
  const clock = new VirtualClock()
  const environment = new ScriptedEnvironment()
  prepare?.(peer, environment)
  const live = connect({ apiUrl: peer.apiUrl, site: peer.site, key: peer.key, clock, environment, ...options })
  const statuses: string[] = []
  const errors: Error[] = []
  live.on('status', ({ state }) => statuses.push(state))
  live.on('error', (error) => errors.push(error))
  onTestFinished(async () => {
    live.stop()
    await peer[Symbol.asyncDispose]()
  })
  return { peer, clock, environment, live, statuses, errors }
}

export const untilSoon = (condition: () => boolean) => expect.poll(condition, { interval: 2 }).toBe(true)
