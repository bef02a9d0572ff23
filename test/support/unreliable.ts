import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'

/**
 * What strikes a request. `before` and `after`: the function dies before or after DynamoDB has done it. `throttled`: it is
 * refused, `lost`: it is done and its answer never comes; in both the function lives and has an error to deal with.
 */
export type Strike = 'before' | 'after' | 'throttled' | 'lost' | undefined

/** A function that died or was cut off: nothing that follows in it is done. */
export class Died extends Error {}

/** DynamoDB's answer when the SDK has tried often enough, or its own when none came. */
export class RequestFailed extends Error {
  constructor(how: 'throttled' | 'lost') {
    super(how)
    this.name = how === 'throttled' ? 'ThrottlingException' : 'TimeoutError'
  }
}

/**
 * The client of one function's run, failing as functions and networks do: a death at a request that `strike` picks is of
 * every request of that run after it too, whatever was under way.
 */
export function makeUnreliable(sound: DynamoDBDocumentClient, strike: () => Strike): DynamoDBDocumentClient {
  let dead = false
  const send = async (command: Parameters<typeof sound.send>[0]) => {
    if (dead) throw new Died('dead')
    const how = strike()
    if (how === undefined) return sound.send(command)
    if (how === 'throttled') throw new RequestFailed(how)
    if (how !== 'lost') dead = true
    if (how !== 'before') await sound.send(command)
    throw how === 'lost' ? new RequestFailed(how) : new Died(how)
  }
  return Object.create(sound, { send: { value: send } }) as DynamoDBDocumentClient
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
