import { ApiError } from '../client/api.ts'
import { dictionaries, number, type TextKey, t } from './language.ts'

/** Returns the name of the text that explains a refusal; undefined if the API's own detail says it best. */
function sentenceOf(errorId: string): TextKey | undefined {
  const key = `refusal.${errorId}`
  return isText(key) ? key : undefined
}

function isText(key: string): key is TextKey {
  return Object.hasOwn(dictionaries.en, key)
}

/** Says to the person who clicked why a request failed. */
export function refusalSentence(error: unknown): string {
  if (!(error instanceof ApiError)) return String(error)
  const { errorId, status, message, retryAfterMs, errors } = error
  const known = sentenceOf(errorId)
  const sentence = known ? t(known) : status === 0 ? t('refusal.unanswered') : message
  const faults = known ? [] : (errors ?? []).filter(({ message: fault }) => !sentence.includes(fault))
  const all = [sentence, ...faults.map(({ field, message: fault }) => `${field}: ${fault}`)].join(' ')
  return retryAfterMs === undefined
    ? all
    : `${all} ${t('refusal.retryAfter', { seconds: number(retryAfterMs / 1_000) })}`
}
