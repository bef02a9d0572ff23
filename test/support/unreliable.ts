import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'

/** What strikes a request: before it is done, after it is done, or not at all. */
export type Strike = 'before' | 'after' | undefined

/** A function that died or was cut off: nothing that follows in it is done. */
export class Died extends Error {}

/**
 * Makes a client fail as functions die: at a request that `strike` picks, before or after DynamoDB has done it, and then at
 * every request, until `revive`.
 */
export function makeUnreliable(db: DynamoDBDocumentClient, strike: (action: string) => Strike): { revive(): void } {
  let dead = false
  db.middlewareStack.add(
    (next, context) => async (args) => {
      if (dead) throw new Died('dead')
      const how = strike(String(context['commandName']))
      if (how === undefined) return next(args)
      dead = true
      if (how === 'after') await next(args)
      throw new Died(how)
    },
    { step: 'initialize', name: 'unreliable', priority: 'high' },
  )
  return {
    revive: () => {
      dead = false
    },
  }
}

/** A stream of numbers from 0 to below 1 that a seed fixes (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
