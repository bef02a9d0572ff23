import { once } from 'node:events'
import * as v from 'valibot'
import { WebSocket } from 'ws'
import { filteredTypes } from '../../../bridge/normalise/event-types.ts'
import { readFrame } from '../../../bridge/normalise/frames.ts'
import { PbxState } from '../../../bridge/normalise/pbx-state.ts'
import type { CallState } from '../../../contracts/facts.ts'
import type { AsteriskInstance } from '../../../infra/asterisk/instance.ts'

/** The calls and phones of a PBX as the bridge's normaliser publishes them from Asterisk's events. */
export interface LiveState extends AsyncDisposable {
  /** The last published state of each call. */
  lastOfCalls(): CallState[]
  /** Frames that the bridge would put into its quarantine. */
  readonly refused: readonly string[]
  /** Whether this Asterisk takes the bridge's event filter. */
  readonly isFiltered: boolean
  /** Returns endpoints whose device state differs from what Asterisk answers now. */
  differences(): Promise<string[]>
}

const application = 'company'
const DeviceState = v.looseObject({ state: v.string() })

export async function watchPbx(pbx: AsteriskInstance): Promise<LiveState> {
  const login = `${pbx.ariUser}:${pbx.ariPassword}`
  const socket = new WebSocket(`${pbx.ariUrl.replace(/^http/, 'ws')}/events?app=${application}&subscribeAll=true`, {
    auth: login,
  })
  const request = (path: string, init: RequestInit = {}) => {
    const headers = { authorization: `Basic ${btoa(login)}`, 'content-type': 'application/json' }
    return fetch(`${pbx.ariUrl}/${path}`, { ...init, headers })
  }
  const state = new PbxState()
  const calls = new Map<string, CallState>()
  const refused: string[] = []
  socket.on('message', (data: Buffer) => {
    const frame = readFrame(data)
    if (frame.kind === 'malformed' || frame.kind === 'unknown') refused.push(data.toString())
    if (frame.kind !== 'event') return
    for (const fact of state.apply(frame.event, new Date().toISOString())) {
      if (fact.kind === 'call') calls.set(fact.state.call, fact.state)
    }
  })
  await once(socket, 'open')
  const filter = JSON.stringify({ disallowed: filteredTypes.map((type) => ({ type })) })
  const { status } = await request(`applications/${application}/eventFilter`, { method: 'PUT', body: filter })
  return {
    lastOfCalls: () => [...calls.values()],
    refused,
    isFiltered: status === 200,
    async differences() {
      const found: string[] = []
      for (const { endpoint, deviceState } of state.endpoints.all()) {
        if (endpoint.startsWith('Custom/')) continue
        const answer = await request(`deviceStates/${encodeURIComponent(endpoint)}`)
        const actual = v.parse(DeviceState, await answer.json()).state
        if (actual !== deviceState) found.push(`${endpoint} ${deviceState}, Asterisk ${actual}`)
      }
      return found
    },
    async [Symbol.asyncDispose]() {
      const closed = once(socket, 'close')
      socket.close()
      await closed
    },
  }
}
