import { badFields, HttpProblemError } from './problem.ts'

/** A list of entity tags, or `*` for any representation (RFC 9110, 13.1). */
export type TagList = '*' | readonly { tag: string; isWeak: boolean }[]

/** The preconditions of a request; a header that the request lacks is undefined. */
export interface Conditions {
  match: TagList | undefined
  noneMatch: TagList | undefined
}

type Headers = Readonly<Record<string, string | undefined>>

/** `etagc` of RFC 9110, 8.8.3. */
const entityTag = /^\s*(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"\s*(?:,|$)/
/** The longest list is API Gateway's limit of headers, 10 KB. */
const tagsMax = 1_000

/** Returns the preconditions of a request. @throws HttpProblemError 400 for a header that is no list of entity tags */
export function conditionsOf(headers: Headers): Conditions {
  return { match: tagList('if-match', headers), noneMatch: tagList('if-none-match', headers) }
}

function tagList(field: string, headers: Headers): TagList | undefined {
  const text = headers[field]?.trim()
  if (text === undefined) return undefined
  if (text === '*') return '*'
  const tags: { tag: string; isWeak: boolean }[] = []
  let rest = text
  // Each turn takes one tag.
  for (let n = 0; n < tagsMax && rest !== ''; n += 1) {
    const found = entityTag.exec(rest)
    if (!found) break
    tags.push({ tag: found[2] ?? '', isWeak: found[1] !== undefined })
    rest = rest.slice(found[0].length)
  }
  if (rest !== '' || tags.length === 0) {
    throw badFields([{ field, message: 'Not `*` or a list of entity tags. Example: "2b7e", "f3b1".' }])
  }
  return tags
}

/** The strong tags of a list, which alone can fulfil If-Match: a weak one equals no other (RFC 9110, 8.8.3.2). */
export function strongTags(tags: Exclude<TagList, '*'>): string[] {
  return tags.filter(({ isWeak }) => !isWeak).map(({ tag }) => tag)
}

/** The tags of a list for If-None-Match, which compares weakly. */
export function weakTags(tags: Exclude<TagList, '*'>): string[] {
  return tags.map(({ tag }) => tag)
}

/**
 * Evaluates the preconditions of a read of a representation that exists, in the order of RFC 9110, 13.2.2: first If-Match, then
 * If-None-Match. `tag` is the entity tag without its quotes.
 * @throws HttpProblemError 412 if If-Match names another representation
 */
export function readOutcome(headers: Headers, tag: string): 'changed' | 'unchanged' {
  const { match, noneMatch } = conditionsOf(headers)
  if (match !== undefined && match !== '*' && !strongTags(match).includes(tag)) {
    throw new HttpProblemError(
      412,
      'precondition-failed',
      'If-Match names no ETag of this answer. Read it without If-Match.',
    )
  }
  const isKnown = noneMatch !== undefined && (noneMatch === '*' || weakTags(noneMatch).includes(tag))
  return isKnown ? 'unchanged' : 'changed'
}
