import type { KeyObject } from 'node:crypto'
import type { SQSRecord } from 'aws-lambda'
import * as v from 'valibot'
import { BridgeEvent, knownTypes } from '../../contracts/events.ts'
import type { SiteId } from '../../contracts/names.ts'
import { BodyRefused, type Lane, openBody } from '../../contracts/packed-body.ts'
import { logOutcome } from '../log.ts'

/** One event of a body, or why its line is none. `line` counts from 0. */
export type Line = { line: number; event: BridgeEvent } | { line: number; errorId: string }

/** An SQS message whose signature held. */
export interface OpenedMessage {
  messageId: string
  body: string
  site: SiteId
  lines: Line[]
  /** When SQS took it, Unix milliseconds. */
  sentAt: number
}

export interface BridgeKeys {
  bridgeKey(site: SiteId, keyId: string): Promise<KeyObject | undefined>
}

/** A key taken out of the table still verifies for this long: the bound on a revocation. */
const keyCacheMs = 60_000
/** Sites one warm function remembers; the oldest makes place. 10,000 keys are about 10 MB. */
const keyCacheEntriesMax = 10_000

/** Bridges' public keys, remembered for a minute, absent ones too: a flood of forgeries costs one read a minute and name. */
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

/** Where a body goes that no try will make good. */
export interface Aside {
  put(body: string, errorId: string, line?: number): Promise<void>
}

/**
 * Opens one message. A body that is refused, for its form or its signature, is put aside at once and counted by its
 * errorId in the log: trying again would only cost. The answer then is undefined, and the message is done with.
 */
export async function openMessage(
  record: SQSRecord,
  keys: BridgeKeys,
  aside: Aside,
  wanted: Lane,
): Promise<OpenedMessage | undefined> {
  try {
    const { site, lane, lines } = await openBody(record.body, (site, keyId) => keys.bridgeKey(site, keyId))
    // Signed for the other queue: whoever moved it wants its facts read by rules that they were not sent for.
    if (lane !== wanted) throw new BodyRefused('body-lane-wrong', `a body of ${lane} in the queue ${wanted}`)
    const sentAt = Number(record.attributes.SentTimestamp)
    return { messageId: record.messageId, body: record.body, site, lines: lines.map(parseLine), sentAt }
  } catch (error) {
    if (!(error instanceof BodyRefused)) throw error
    await aside.put(record.body, error.errorId)
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
