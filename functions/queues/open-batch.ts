import type { KeyObject } from 'node:crypto'
import type { SQSRecord } from 'aws-lambda'
import * as v from 'valibot'
import { BridgeEvent, knownTypes } from '../../contracts/events.ts'
import type { SiteId } from '../../contracts/names.ts'
import { BodyRefusedError, type Lane, openBody } from '../../contracts/packed-body.ts'
import { logOutcome } from '../log.ts'

/** One line of a body: its event, or the id of the error that it has. `line` counts from 0. */
export type Line = { line: number; event: BridgeEvent } | { line: number; errorId: string }

/** An SQS message with a valid signature. */
export interface OpenedMessage {
  messageId: string
  body: string
  site: SiteId
  /** Id of the key that signed it, which is that of its bridge. */
  key: string
  lines: Line[]
  /** When SQS accepted the message, Unix milliseconds. */
  sentAt: number
}

export interface BridgeKeys {
  bridgeKey(site: SiteId, keyId: string): Promise<KeyObject | undefined>
}

/** A revoked key is accepted for at most this long. */
const keyCacheMs = 60_000
/** Keys that one process remembers; the oldest is dropped for a new one. 10,000 keys are about 10 MB. */
const keyCacheEntriesMax = 10_000

/**
 * Returns a lookup of bridges' public keys that remembers each answer for a minute. It remembers unknown keys too, so a flood
 * of forged bodies costs one read a minute and key id.
 */
export function cachedKeys(keys: BridgeKeys, now: () => number): BridgeKeys {
  const cache = new Map<string, { until: number; key: Promise<KeyObject | undefined> }>()
  return {
    bridgeKey(site, keyId) {
      const name = `${site}/${keyId}`
      const known = cache.get(name)
      if (known && known.until > now()) return known.key
      const key = keys.bridgeKey(site, keyId)
      key.catch(() => cache.delete(name))
      cache.delete(name)
      cache.set(name, { until: now() + keyCacheMs, key })
      const [oldest] = cache.keys()
      if (cache.size > keyCacheEntriesMax && oldest !== undefined) cache.delete(oldest)
      return key
    },
  }
}

/** Queue for bodies that no retry can process. */
export interface DeadLetterQueue {
  put(body: string, errorId: string, line?: number): Promise<void>
}

/**
 * Verifies and unpacks one message. A body with an invalid form or signature goes to the dead-letter queue at once and its
 * errorId to the log, since a retry cannot succeed; the function then returns undefined, and the message is done.
 */
export async function openMessage(
  record: SQSRecord,
  keys: BridgeKeys,
  deadLetters: DeadLetterQueue,
  wanted: Lane,
): Promise<OpenedMessage | undefined> {
  try {
    const { site, key, lane, lines } = await openBody(record.body, (site, keyId) => keys.bridgeKey(site, keyId))
    // The bridge signed the body for the other queue. Its facts must not be read by the rules of this one.
    if (lane !== wanted) throw new BodyRefusedError('body-lane-wrong', `a body of ${lane} in the queue ${wanted}`)
    const sentAt = Number(record.attributes.SentTimestamp)
    return { messageId: record.messageId, body: record.body, site, key, lines: lines.map(parseLine), sentAt }
  } catch (error) {
    if (!(error instanceof BodyRefusedError)) throw error
    await deadLetters.put(record.body, error.errorId)
    logOutcome('warn', 'body-refused', { errorId: error.errorId, messageId: record.messageId, detail: error.message })
    return undefined
  }
}

function parseLine(text: string, line: number): Line {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return { line, errorId: 'line-not-json' }
  }
  const parsed = v.safeParse(BridgeEvent, json)
  if (parsed.success) return { line, event: parsed.output }
  return { line, errorId: knownTypes.has(typeOf(json)) ? 'event-malformed' : 'event-type-unknown' }
}

function typeOf(json: unknown): string {
  return typeof json === 'object' && json !== null && 'type' in json ? String(json.type) : ''
}
