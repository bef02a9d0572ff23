/** What a refusal of call control means to whoever clicked, by its `errorId`. One that is not here shows its own detail. */
const sentences = new Map([
  ['bridge-offline', 'The bridge beside the PBX is not connected, so nothing was dialled or changed.'],
  ['pbx-unreachable', 'The PBX does not answer its bridge, so nothing was dialled or changed.'],
  ['caller-offline', 'The phone that would ring first is not registered: switch it on.'],
  ['call-cap-minute', 'Too many calls in this minute.'],
  ['call-cap-day', 'All calls of today have been used up.'],
  ['call-cap-at-once', 'Too many calls at the same time: end one of them first.'],
  ['key-frozen', 'This key was frozen after too many calls; who manages keys can lift that.'],
  ['dial-internal', 'Calls to extensions are denied at this site.'],
  ['dial-national', 'Calls to national numbers are denied at this site.'],
  ['dial-mobile', 'Calls to mobile phones are denied at this site.'],
  ['dial-international', 'Calls to this country are denied at this site.'],
  ['dial-premium', 'Premium numbers are never dialled from here.'],
  ['dial-satellite', 'Satellite numbers are never dialled from here.'],
  ['dial-emergency', 'Emergency numbers are never dialled from here: dial them on a phone, now.'],
  ['extension-unknown', 'No phone of this site has that extension.'],
  [
    'forwarding-missing',
    'The dial plan of this PBX does not follow forwarding yet; docs/call-control.md says what to install.',
  ],
  ['scope-missing', 'This key may not do that.'],
  ['key-invalid', 'This key is not valid any more.'],
  ['call-unknown', 'That call is over.'],
  ['idempotency-in-progress', 'The same click is still being served.'],
  ['idempotency-key-spent', 'The request failed and rang nothing: click again.'],
])

interface Refusal {
  status: number
  errorId?: string | undefined
  detail?: string | undefined
  retryAfter?: string | null
}

/** A loop and wrong input are told by the API itself, since their detail names the way round and the field. */
export function refusalSentence({ status, errorId = '', detail, retryAfter }: Refusal): string {
  const said = sentences.get(errorId) ?? detail ?? (status === 0 ? 'The cloud did not answer.' : `Refused (${status}).`)
  return retryAfter ? `${said} Try again in ${retryAfter} s.` : said
}
