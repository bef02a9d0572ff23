import type { NumberSearch } from '../../../contracts/numbers/number-search.ts'
import { erased } from '../personal.ts'
import { erasedFrom } from './erase-item.ts'

type Fields = Record<string, unknown>

/**
 * Returns a stored webhook without the number, which still can be read; itself if it does not hold the number. A header whose
 * name holds it is dropped. If the address of the receiver holds it, the webhook is disabled: the address that is left may be
 * somebody else's.
 */
export function erasedWebhook(webhook: Fields, search: NumberSearch, now: number): Fields {
  const { headers, url, ...rest } = webhook
  const others = erasedFrom(rest, search)
  const ownHeaders = erasedHeaders(headers, search)
  const isElsewhere = typeof url === 'string' && search.holds(url)
  if (!isFields(others) || (others === rest && ownHeaders === headers && !isElsewhere)) return webhook
  const disabled = isElsewhere ? { enabled: false, disabledAt: now, disabledBecause: 'asked' } : {}
  return {
    ...others,
    ...(ownHeaders !== undefined && { headers: ownHeaders }),
    ...(url !== undefined && { url: isElsewhere ? erased : url }),
    ...disabled,
  }
}

function erasedHeaders(headers: unknown, search: NumberSearch): unknown {
  if (!isFields(headers)) return erasedFrom(headers, search)
  const entries = Object.entries(headers)
  const left = entries.flatMap(([name, value]): [string, unknown][] =>
    search.holds(name) ? [] : [[name, erasedFrom(value, search)]],
  )
  const isSame = left.length === entries.length && left.every(([name, value]) => value === headers[name])
  return isSame ? headers : Object.fromEntries(left)
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null
}
