import { once } from 'node:events'
import * as v from 'valibot'
import { WebSocket } from 'ws'
import { ServerFrame, type Topic } from '../../contracts/frames.ts'
import { TicketIssued } from '../../contracts/http.ts'
import type { SharedDeployment } from './deployment.ts'
import { until } from './until.ts'

/** A WebSocket client that keeps every frame it was sent. */
export interface Subscriber extends AsyncDisposable {
  socket: WebSocket
  frames: ServerFrame[]
  /** Returns every state of an entity that arrived in a snapshot or delta, in the order of arrival. */
  statesOf(id: string): string[]
  /** Returns the ids of all entities in the received frames. */
  entities(): string[]
  untilState(id: string, state: string): Promise<void>
}

export async function ticketUrl(
  deployment: SharedDeployment,
  { site }: { site: { site: string; apiKey: string } },
): Promise<string> {
  const response = await deployment.call('POST', `/v1/sites/${site.site}/tickets`, { key: site.apiKey })
  const { ticket, socketUrl } = v.parse(TicketIssued, await response.json())
  return `${socketUrl}?ticket=${ticket}`
}

/** Connects, subscribes and resolves once the snapshot of each topic is there. */
export async function subscriber(
  deployment: SharedDeployment,
  site: { site: { site: string; apiKey: string } },
  topics: Topic[],
  url?: string,
): Promise<Subscriber> {
  const socket = new WebSocket(url ?? (await ticketUrl(deployment, site)))
  const frames: ServerFrame[] = []
  socket.on('message', (data) => {
    for (const frame of [JSON.parse(data.toString())].flat()) frames.push(v.parse(ServerFrame, frame))
  })
  await once(socket, 'open')
  socket.send(JSON.stringify({ action: 'subscribe', topics }))
  await until('the snapshots', async () =>
    topics.every((topic) => {
      const parts = frames.filter((frame) => frame.type === 'snapshot' && frame.topic === topic)
      return parts.length > 0 && parts.length >= (parts[0]?.type === 'snapshot' ? parts[0].parts : 1)
    }),
  )
  const told = () =>
    frames.flatMap((frame) => (frame.type === 'snapshot' || frame.type === 'delta' ? frame.entities : []))
  const stateOf = ({ state }: ReturnType<typeof told>[number]) => String(state['deviceState'] ?? state['state'])
  const statesOf = (id: string) =>
    told()
      .filter((entity) => entity.id === id)
      .map(stateOf)
  return {
    socket,
    frames,
    statesOf,
    entities: () => [...new Set(told().map(({ id }) => id))],
    untilState: async (id, state) => {
      await until(`${id} to be ${state}`, async () => statesOf(id).includes(state))
    },
    [Symbol.asyncDispose]: async () => {
      socket.terminate()
    },
  }
}
