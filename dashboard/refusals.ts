import { ApiError } from '../client/api.ts'

/** Sentences for the refusals of call control, by `errorId`. The API's own detail is shown for any other. */
const sentences = new Map([
  ['bridge-offline', 'The bridge beside the PBX is not connected, so nothing was dialled or changed.'],
  ['pbx-unreachable', 'The PBX does not answer its bridge, so nothing was dialled or changed.'],
  ['caller-offline', 'The phone that rings first is not registered: switch it on.'],
  ['call-cap-minute', 'Too many calls in this minute.'],
  ['call-cap-day', 'The limit of calls for today is reached.'],
  ['call-cap-at-once', 'Too many calls at the same time: end one of them first.'],
  ['key-frozen', 'This key is frozen after too many calls. Ask whoever manages the keys to unfreeze it.'],
  [
    'prefix-unconfirmed',
    'Nobody has set yet what phones of this site dial before an outside number. Ask an administrator to set it.',
  ],
  ['dial-internal', 'This site does not allow calls to extensions.'],
  ['dial-national', 'This site does not allow calls to national numbers.'],
  ['dial-mobile', 'This site does not allow calls to mobile phones.'],
  ['dial-international', 'This site does not allow calls to this country.'],
  ['dial-premium', 'Premium-rate numbers cannot be called from here.'],
  ['dial-satellite', 'Satellite numbers cannot be called from here.'],
  ['dial-emergency', 'Emergency numbers cannot be called from here. Dial them on a phone now.'],
  ['dial-short', 'Short numbers cannot be called from here.'],
  ['dial-service', 'This code of the PBX can only be dialled on a phone.'],
  ['extension-unknown', 'No phone of this site has this extension.'],
  [
    'forwarding-missing',
    'The dial plan of this PBX does not support forwarding yet. docs/call-control.md says what to install.',
  ],
  ['scope-missing', 'This key may not do this.'],
  ['key-invalid', 'This key is no longer valid.'],
  ['call-unknown', 'This call has already ended.'],
  ['idempotency-in-progress', 'The same click is still being processed.'],
  ['idempotency-key-spent', 'The request failed and no phone rang. Click again.'],
])

/** Says to the person who clicked why a request failed. */
export function refusalSentence(error: unknown): string {
  if (!(error instanceof ApiError)) return String(error)
  const { errorId, status, message, retryAfterMs } = error
  const sentence = sentences.get(errorId) ?? (status === 0 ? 'The cloud did not answer.' : message)
  return retryAfterMs === undefined ? sentence : `${sentence} Try again in ${retryAfterMs / 1_000} s.`
}
