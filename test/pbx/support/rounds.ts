import { setTimeout as pause } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { connect, type Live } from '../../../client/index.ts'
import { until } from '../../support/until.ts'
import { callPlans } from './call-plans.ts'
import type { Stack } from './stack.ts'

const phones = ['PJSIP/5860', 'PJSIP/5861']
/** From the last hang-up until all clients are up to date: the backoff of a client is 4 s after two cuts. */
const settleMsMax = 60_000

export interface Rounds {
  rounds: number
  cuts: number
  resets: number
}

interface RoundsOptions {
  rounds: number
  /** Clients of this repository, each with a socket of its own. */
  subscribers: number
  random?: () => number
}

/**
 * Makes one real call a round while the sockets of clients are cut at random moments. At the end of each round every client
 * has to show phones and calls as Asterisk itself reports them; otherwise it throws the differences.
 */
export async function runRounds(
  stack: Stack,
  { rounds, subscribers, random = Math.random }: RoundsOptions,
): Promise<Rounds> {
  const count: Rounds = { rounds: 0, cuts: 0, resets: 0 }
  const clients = Array.from({ length: subscribers }, () => openClient(stack))
  try {
    for (const { live } of clients) live.on('reset', () => (count.resets += 1))
    await until(
      'all clients to be connected',
      async () => clients.every(({ live }) => live.status.state === 'connected'),
      settleMsMax,
    )
    for (const [n, plan] of callPlans(rounds).entries()) {
      const call = plan.make(stack.pbx, n)
      const cutting = (async () => {
        for (let cut = 0; cut < 8; cut += 1) {
          await pause(random() * 250)
          clients[Math.floor(random() * subscribers)]?.cut()
          count.cuts += 1
        }
      })()
      await Promise.all([call, cutting])
      await settle(
        stack,
        clients.map(({ live }) => live),
        n,
      )
      count.rounds += 1
    }
    return count
  } finally {
    for (const { live } of clients) live.stop()
  }
}

function openClient({ deployment, site }: Stack): { live: Live; cut(): void } {
  const sockets = new Set<WebSocket>()
  class Cuttable extends WebSocket {
    constructor(url: string) {
      super(url)
      sockets.add(this)
      this.once('close', () => sockets.delete(this))
    }
  }
  const live = connect({
    apiUrl: deployment.cloud.httpUrl,
    site: site.site,
    key: site.apiKey,
    WebSocket: Cuttable as never,
  })
  return {
    live,
    cut() {
      for (const socket of sockets) socket.terminate()
    },
  }
}

async function settle(stack: Stack, lives: readonly Live[], round: number): Promise<void> {
  const idle = async () => (await stack.pbx.pbx.cli('core show channels count')).includes('0 active channels')
  await until('no live call', idle)
  let wrong: string[] = []
  const isRight = async () => {
    const says = new Map(
      await Promise.all(phones.map(async (phone) => [phone, await stack.deviceState(phone)] as const)),
    )
    wrong = lives.flatMap(({ endpoints, calls, status }, n) => [
      ...phones
        .filter((phone) => endpoints.get(phone)?.state.deviceState !== says.get(phone))
        .map(
          (phone) => `client ${n}: ${phone} is ${says.get(phone)}, shown ${endpoints.get(phone)?.state.deviceState}`,
        ),
      ...[...calls.keys()].map((id) => `client ${n}: ${id} has ended and is still shown`),
      ...(status.state === 'connected' ? [] : [`client ${n} is ${status.state}`]),
    ])
    return wrong.length === 0
  }
  await until(`round ${round}`, isRight, settleMsMax).catch((cause: unknown) => {
    throw new Error(`round ${round}: ${wrong.slice(0, 5).join('; ')}`, { cause })
  })
}
