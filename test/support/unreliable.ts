import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'

/**
 * The fault of a request. `before` and `after`: the function dies before or after DynamoDB executes the request.
 * `throttled`: DynamoDB refuses it. `lost`: DynamoDB executes it and the answer is lost; the function gets an error.
 */
export type Strike = 'before' | 'after' | 'throttled' | 'lost' | undefined

/** Thrown by each request of a function that has died. */
export class Died extends Error {}

/** The error of the SDK after its retries: DynamoDB throttled the request, or no answer came. */
export class RequestFailed extends Error {
  constructor(how: 'throttled' | 'lost') {
    super(how)
    this.name = how === 'throttled' ? 'ThrottlingException' : 'TimeoutError'
  }
}

/**
 * Returns a client for one run of a function. `strike` selects the fault of each request; once the function has died, all of its
 * later requests fail too.
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

/** Returns a generator of random numbers, at least 0 and below 1, that the seed determines (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
