import type * as v from 'valibot'
import { pathBytesMax } from '../../contracts/limits.ts'
import type { RouteDefinition } from '../../contracts/routes/route.ts'
import { nearestName } from '../domain/nearest-name.ts'
import type { FieldError } from './problem.ts'

/** Returns an error for each query parameter that the route does not declare, with the name that it may stand for. */
export function unknownParameters({ query }: RouteDefinition, given: object): FieldError[] {
  const names = query ? entryNames(query) : []
  return Object.keys(given)
    .filter((name) => !names.includes(name))
    .map((name) => ({ field: name, message: messageFor(name, names) }))
}

function messageFor(name: string, names: readonly string[]): string {
  const nearest = nearestName(name, names)
  if (nearest !== undefined) return `Unknown parameter. Did you mean ${nearest}?`
  return names.length === 0
    ? 'Unknown parameter. This route has none.'
    : `Unknown parameter. This route has ${names.join(', ')}.`
}

function entryNames(schema: v.GenericSchema): string[] {
  return 'entries' in schema && typeof schema.entries === 'object' ? Object.keys(schema.entries ?? {}) : []
}

/** Returns an error for each path parameter that is longer than any id. DynamoDB refuses a key of over 1,024 bytes. */
export function longParameters(path: Readonly<Record<string, string | undefined>>): FieldError[] {
  return Object.entries(path).flatMap(([field, text = '']) =>
    Buffer.byteLength(text) > pathBytesMax ? [{ field, message: `Too long: at most ${pathBytesMax} bytes.` }] : [],
  )
}
