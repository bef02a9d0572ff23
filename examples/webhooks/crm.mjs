// Stores finished calls in HubSpot, each once:
//
//     WEBHOOK_SECRET=whsec_... HUBSPOT_TOKEN=... node examples/webhooks/crm.mjs
//
// Make a webhook with "types": ["call.ended"], by a key with cdrs:personal. HubSpot needs a property `switchhook_call` of its calls, with unique
// values: an upsert by it makes no second call, whether an event comes twice, comes again with more records, or this program
// dies after the request. Other CRMs: Salesforce upserts a Task by an external id field; Pipedrive has none, so keep a map.
import { makeReceiver, serve } from './receiver.mjs'

const statuses = {
  answered: 'COMPLETED',
  voicemail: 'COMPLETED',
  'no-answer': 'NO_ANSWER',
  cancelled: 'CANCELED',
  busy: 'BUSY',
}

/** Returns HubSpot's properties of a call; undefined for an event that is no finished call with somebody outside. */
export function hubSpotCall({ type, data }) {
  // The live event comes first, and the records correct it; a call between colleagues is of no use in a CRM.
  if (type !== 'call.ended' || !data.final || data.direction === 'internal' || !data.party) return undefined
  const isInbound = data.direction === 'inbound'
  return {
    switchhook_call: data.call,
    hs_timestamp: data.startedAt,
    hs_call_direction: isInbound ? 'INBOUND' : 'OUTBOUND',
    hs_call_from_number: isInbound ? data.party : data.extension,
    hs_call_to_number: isInbound ? data.dialled : data.party,
    // HubSpot counts milliseconds. `talkSeconds` has no ringing in it.
    hs_call_duration: String((data.talkSeconds ?? 0) * 1000),
    hs_call_status: statuses[data.result] ?? 'FAILED',
    hs_call_title: data.summary ?? `Call ${isInbound ? 'from' : 'to'} ${data.party}`,
  }
}

/** Sends a call to HubSpot. Throws if HubSpot did not take it, so that your queue tries again. */
export async function storeCall(event, { token, fetch = globalThis.fetch }) {
  const properties = hubSpotCall(event)
  if (!properties) return false
  const input = { id: properties.switchhook_call, idProperty: 'switchhook_call', properties }
  const response = await fetch('https://api.hubapi.com/crm/v3/objects/calls/batch/upsert', {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ inputs: [input] }),
  })
  if (!response.ok) throw new Error(`HubSpot answered ${response.status}`)
  return true
}

if (import.meta.main ?? process.argv[1]?.endsWith('crm.mjs')) {
  const work = (event) =>
    storeCall(event, { token: process.env.HUBSPOT_TOKEN }).catch((error) => console.error(event.id, error.message))
  serve(makeReceiver({ secret: process.env.WEBHOOK_SECRET, work }), Number(process.env.PORT ?? 3000))
}
