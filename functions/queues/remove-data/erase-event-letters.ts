import * as v from 'valibot'
import { Cdr } from '../../../contracts/cdr.ts'
import type { SiteId } from '../../../contracts/names.ts'
import { eraseCdr } from '../../domain/personal/erase-cdr.ts'
import { erasedFrom } from '../../domain/personal/erase-item.ts'
import type { Erasing } from '../../domain/personal/erasing.ts'

interface EventLetter {
  body: string
  line: number | undefined
}
const Message = v.looseObject({
  site: v.string(),
  cdrs: v.optional(v.array(v.unknown())),
  calls: v.optional(v.array(v.string())),
})

type Content = Pick<v.InferOutput<typeof Message>, 'cdrs' | 'calls'>

/**
 * Returns a dead letter of the queue of webhook events without the number: it can be redriven, and makes the events of everything
 * else. One that cannot be read is deleted if it holds the number; one of another site is kept.
 */
export function rewriteEvents(site: SiteId, letter: EventLetter, erasing: Erasing): 'keep' | 'delete' | EventLetter {
  const { search } = erasing
  if (!search.mayHold(letter.body)) return 'keep'
  const message = parse(letter.body)
  if (!message) return search.holds(letter.body) ? 'delete' : 'keep'
  if (message.site !== site) return 'keep'
  const { site: _site, ...rest } = message
  const content: Content = rest
  const left = erasedMessage(content, erasing)
  return left === content ? 'keep' : { ...letter, body: JSON.stringify({ site, ...left }) }
}

function erasedMessage(message: Content, { search, newId }: Erasing): object {
  const { cdrs, calls, ...others } = message
  const records = cdrs?.map((cdr) =>
    v.is(Cdr, cdr) ? ifHeld(cdr, eraseCdr(cdr, search, newId)) : erasedFrom(cdr, search),
  )
  const ids = calls?.map((call) => (search.holds(call) ? newId(call) : call))
  const rest = erasedFrom(others, search)
  const isSame =
    rest === others &&
    (records ?? []).every((one, n) => one === cdrs?.[n]) &&
    (ids ?? []).every((one, n) => one === calls?.[n])
  if (isSame || typeof rest !== 'object' || rest === null) return message
  return { ...rest, ...(records && { cdrs: records }), ...(ids && { calls: ids }) }
}

/** Returns the record itself if nothing of it was erased. */
function ifHeld(cdr: Cdr, erased: Cdr): Cdr {
  return Object.entries(cdr).every(([field, value]) => erased[field] === value) ? cdr : erased
}

function parse(text: string) {
  try {
    const parsed = v.safeParse(Message, JSON.parse(text))
    return parsed.success ? parsed.output : undefined
  } catch {
    return undefined
  }
}
