import * as v from 'valibot'
import type { SiteId } from '../../../contracts/names.ts'
import { type WebhookEventType, webhookEventTypes } from '../../../contracts/webhook-events.ts'
import { sha256 } from '../api-key.ts'

/** An event as it is stored: with all numbers and names, which are hidden for each webhook when it is sent. */
export const StoredEvent = v.looseObject({
  id: v.string(),
  type: v.picklist(webhookEventTypes),
  /** When it happened, RFC 3339. */
  time: v.string(),
  /** What it is about, without a number or a name: a call's id or an endpoint. */
  subject: v.optional(v.string()),
  data: v.looseObject({}),
  /** It is on the deployment's event bus, or comes there by the queue. */
  onBus: v.optional(v.boolean()),
})
export type StoredEvent = v.InferOutput<typeof StoredEvent>

/**
 * Returns the id of an event from what makes it this event and no other, so that a repeated message makes the same id. It has no
 * full stop, which a signature could not tell from the separator after the id.
 */
export function eventId(site: SiteId, type: WebhookEventType, ...parts: readonly string[]): string {
  const text = JSON.stringify([site, type, ...parts])
  return `evt_${sha256(text).slice(0, 32)}`
}
