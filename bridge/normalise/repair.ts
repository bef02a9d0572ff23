import * as v from 'valibot'
import { cutText } from '../../contracts/text.ts'

/** `fields`: the paths that did not fit the schema, such as `channel.caller.name`; items of lists without their number. */
export type Repaired<T> = { kind: 'value'; value: T; fields: string[] } | { kind: 'unusable'; reason: string }

/** Each round removes at least one level of a nested value; the deepest schema has five. */
const roundsMax = 8
const pathLengthMax = 100

type Issue = v.BaseIssue<unknown>

/** The check of texts that are cut rather than removed; see `text` in ari-objects.ts. */
export const isWellFormed = (text: string): boolean => text.isWellFormed()

/**
 * Parses what Asterisk wrote, and repairs it where it does not fit: cuts a text that is too long, and removes any other wrong
 * field or item of a list; the schema's default then takes its place. Only a required field that is wrong removes what holds it.
 * Changes `json`.
 */
export function repair<T extends v.GenericSchema>(schema: T, json: unknown): Repaired<v.InferOutput<T>> {
  const fields = new Set<string>()
  for (let round = 0; round < roundsMax; round += 1) {
    const result = v.safeParse(schema, json)
    if (result.success) return { kind: 'value', value: result.output, fields: [...fields] }
    // From the last to the first: removing an item moves those after it. A field that fails two checks is removed once.
    const mended = new Set<string>()
    for (const issue of result.issues.toReversed()) {
      const place = JSON.stringify(issue.path?.map(({ key }) => key))
      if (mended.has(place)) continue
      mended.add(place)
      const name = pathOf(issue)
      fields.add(name)
      if (!mend(issue)) return { kind: 'unusable', reason: name }
    }
  }
  return { kind: 'unusable', reason: [...fields].join(' ') }
}

/** Returns false if the root itself is wrong. */
function mend(issue: Issue): boolean {
  const { path } = issue
  const last = path?.at(-1)
  if (!path || !last) return false
  if (issue.type === 'max_length' || issue.requirement === isWellFormed) {
    if (typeof last.value === 'string') return put(last, cutText(last.value))
    if (Array.isArray(last.value)) return put(last, last.value.slice(0, Number(issue.requirement)))
  }
  return remove(path)
}

/** Removes the last element of the path; if it is missing, what should have held it. */
function remove(path: readonly v.IssuePathItem[]): boolean {
  const last = path.at(-1)
  if (!last) return false
  const { input: holder, key } = last
  if (Array.isArray(holder) && typeof key === 'number') {
    holder.splice(key, 1)
    return true
  }
  if (typeof holder === 'object' && holder !== null && Object.hasOwn(holder, String(key)))
    return Reflect.deleteProperty(holder, String(key))
  const above = path.slice(0, -1)
  const parent = above.at(-1)
  // Another issue has removed it already.
  if (parent && Reflect.get(Object(parent.input), String(parent.key)) !== holder) return true
  return remove(above)
}

function put({ input, key }: v.IssuePathItem, value: unknown): boolean {
  return Reflect.set(Object(input), String(key), value)
}

function pathOf(issue: Issue): string {
  const keys = issue.path?.map(({ key }) => (typeof key === 'number' ? '[]' : String(key))) ?? []
  return cutText(keys.join('.'), pathLengthMax)
}
