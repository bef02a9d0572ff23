import type { Random } from '../random.ts'
import { oddBytes, oddTexts } from './odd-values.ts'
import { type Known, nearly, type Schema, valueFor } from './schema-values.ts'

interface Parameter {
  name: string
  in: 'path' | 'query' | 'header'
  required: boolean
  example?: unknown
  schema: Schema
}
export interface Operation {
  security?: readonly Readonly<Record<string, unknown>>[]
  parameters?: readonly Parameter[]
  requestBody?: { content: Readonly<Record<string, { schema: Schema; example?: unknown }>> }
}
/** The part of an OpenAPI document that requests are made from. */
export interface OpenApi {
  paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

/** A request as it is sent. It is JSON, so that one which found a fault can be kept. */
export interface FuzzRequest {
  /** `GET /v1/sites/{site}/keys` */
  route: string
  method: string
  /** Path and query, percent-encoded. */
  target: string
  /** Names and values in their order; a name may occur twice. */
  headers: [name: string, value: string][]
  /** Base64. */
  body?: string
}

/** Keys by what they may do, and the ids, cursors and ETags that exist. */
export interface FuzzWorld {
  /** Returns the text of a key for a route, and at random one that may not use it. */
  key(operation: Operation, random: Random): string | undefined
  known: Known
}

/** Names of headers that are not those of a route, with values that some servers take badly. */
const oddHeaders: readonly [string, string][] = [
  ['content-type', 'text/csv'],
  ['content-type', 'text/csv; charset=utf-16'],
  ['content-type', 'application/octet-stream'],
  ['content-type', 'multipart/form-data; boundary=x'],
  ['content-type', 'application/json; charset=iso-8859-1'],
  ['content-type', ''],
  ['content-encoding', 'gzip'],
  ['accept', 'application/xml'],
  ['accept-encoding', 'gzip, br, zstd'],
  ['accept-language', '*'],
  ['cookie', 'a=b; =; ; __proto__=1'],
  ['x-forwarded-for', '127.0.0.1, ::1'],
  ['x-forwarded-host', 'evil.example'],
  ['x-http-method-override', 'DELETE'],
  ['origin', 'null'],
  ['range', 'bytes=0-0,-1'],
  ['if-none-match', '*'],
  ['if-none-match', 'W/"x", "'],
  ['if-match', '"'],
  ['if-modified-since', 'Thu, 01 Jan 1970 00:00:00 GMT'],
  ['idempotency-key', 'k'.repeat(300)],
  ['idempotency-key', ' '],
  ['idempotency-key', 'same'],
]

/** Query strings that no list of names and values makes. */
const oddQueries = [
  '%',
  '%ff=%fe',
  '=',
  '&&',
  'a=b=c',
  '?',
  'limit',
  'limit=&limit=',
  '%00=%00',
  'from[]=1',
  'from.x=1',
  '__proto__=1',
]

/** Makes requests from an OpenAPI document: valid, nearly valid and odd ones of each operation in turn. */
export function requestMaker(document: OpenApi, random: Random) {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  )
  let made = 0
  const chance = (share: number) => random.next() < share

  function pathOf(template: string, parameters: readonly Parameter[], known: Known): string {
    return template.replace(/\{(\w+)\}/g, (_, name: string) => {
      const example = parameters.find((one) => one.in === 'path' && one.name === name)?.example
      const value = known(name) ?? example
      const text = chance(name === 'site' ? 0.96 : 0.85)
        ? String(value)
        : chance(0.5)
          ? `${value}${random.pick(oddTexts)}`
          : random.pick(oddTexts)
      if (chance(0.02)) return random.pick(['%', '%ff', '%c0%ae', 'a/b', 'a%2Fb', ';x=1', '%E2%80%8B'])
      return encodeURIComponent(wellFormed(text)) || '%20'
    })
  }

  function queryOf(parameters: readonly Parameter[], known: Known): string {
    if (chance(0.03)) return random.pick(oddQueries)
    const pairs = parameters
      .filter((one) => one.in === 'query' && (one.required || chance(0.3)))
      .flatMap(({ name, schema, example }) => {
        const valid = chance(0.4) && example !== undefined ? example : valueFor(schema, random, known, name)
        const value = chance(0.8) ? String(valid) : random.pick(oddTexts)
        const pair = `${encodeURIComponent(name)}=${encodeURIComponent(wellFormed(value))}`
        return chance(0.03) ? [pair, pair] : [pair]
      })
    if (chance(0.04)) pairs.push(`${encodeURIComponent(random.pick(oddTexts))}=1`)
    if (chance(0.01)) pairs.push(`x=${'y'.repeat(9_000)}`)
    return pairs.join('&')
  }

  function headersOf(parameters: readonly Parameter[], known: Known): [string, string][] {
    const own = parameters
      .filter((one) => one.in === 'header' && (one.required || chance(0.3)))
      .map(({ name, schema, example }): [string, string] => [
        name,
        asHeader(String(chance(0.3) && example !== undefined ? example : valueFor(schema, random, known, name))),
      ])
    if (chance(0.08)) own.push(random.pick(oddHeaders))
    // Below and above API Gateway's 10,240 bytes.
    if (chance(0.01)) for (let n = random.pick([20, 90, 150]); n > 0; n--) own.push([`x-flood-${n}`, 'f'.repeat(90)])
    return own
  }

  function bodyOf({ requestBody }: Operation, known: Known): { bytes?: Buffer; type?: string } {
    if (!requestBody) return chance(0.03) ? { bytes: Buffer.from('{"a":1}'), type: 'application/json' } : {}
    if (chance(0.02)) return {}
    const content = requestBody.content['application/json'] ?? { schema: {} }
    const valid =
      content.example !== undefined && chance(0.3) ? content.example : valueFor(content.schema, random, known)
    const value = chance(0.5) ? valid : nearly(valid, random)
    const json = JSON.stringify(value) ?? 'null'
    const isOdd = chance(0.12)
    if (!isOdd && chance(0.003))
      return { bytes: Buffer.from(json.padEnd(random.pick([1e6, 5e6, 9e6]))), type: 'application/json' }
    const type = chance(0.93) ? 'application/json' : random.pick(Object.keys(requestBody.content))
    return { bytes: isOdd ? oddBytes(random, json) : Buffer.from(json), type }
  }

  return (world: FuzzWorld): FuzzRequest => {
    const { path, method, operation } = operations[made++ % operations.length] ?? random.pick(operations)
    const { parameters = [] } = operation
    const query = queryOf(parameters, world.known)
    const target = `${pathOf(path, parameters, world.known)}${query === '' ? '' : `?${query}`}`
    const { bytes, type } = bodyOf(operation, world.known)
    const key = world.key(operation, random)
    const headers: [string, string][] = [
      ...(key === undefined ? [] : ([['authorization', chance(0.95) ? `Bearer ${key}` : key]] as [string, string][])),
      ...(type === undefined ? [] : ([['content-type', type]] as [string, string][])),
      ...headersOf(parameters, world.known),
    ]
    return { route: `${method} ${path}`, method, target, headers, ...(bytes && { body: bytes.toString('base64') }) }
  }
}

/** A lone surrogate has no percent-encoding. */
function wellFormed(text: string): string {
  return text.toWellFormed()
}

/** What a header can carry: visible ASCII and spaces, not at its ends. */
function asHeader(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?').trim()
}
