import { setTimeout as wait } from 'node:timers/promises'
import { Sockets } from './sockets.ts'

/** The API that posts to sockets, with the clock and the chance by which posts are tried again. */
export function socketPosting(apiEndpoint: string) {
  return {
    sockets: new Sockets(apiEndpoint),
    now: Date.now,
    wait: (ms: number) => wait(ms),
    random: Math.random,
  }
}
