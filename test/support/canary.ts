import { zstdDecompressSync } from 'node:zlib'
import * as v from 'valibot'
import { PackedBody } from '../../contracts/packed-body.ts'
import type { Deployment } from './deployment.ts'

/** A mark of an invented student, which tests search for in places where it must not be. */
export interface Canary {
  matricule: string
  note: number
  pin: string
}

/** Collects what a deployment writes where no mark may be: log lines with metrics, and messages to queues. */
export interface Watched {
  lines: string[]
  bodies: string[]
  /** Returns the text of each place: these two, every table except the marks themselves, and the audit as the API returns it. */
  texts(key: string): Promise<Map<string, string>>
}

/** Starts to collect the log lines and messages of a deployment. */
export function watch({ cloud, call, items }: Deployment): Watched {
  const lines: string[] = []
  const bodies: string[] = []
  cloud.onFunctionLine(({ line }) => lines.push(line))
  cloud.onServiceCall(({ service, input }) => {
    if (service === 'sqs') bodies.push(...bodiesOf(input).map(unpacked))
  })
  return {
    lines,
    bodies,
    async texts(key) {
      const texts = new Map([
        ['function logs', lines.join('\n')],
        ['queues', bodies.join('\n')],
        ['audit', await (await call('GET', '/v1/sites/office/audit?limit=1000', { key })).text()],
      ])
      for (const table of ['RecordsTable', 'LiveTable', 'AccessTable', 'AuditTable'] as const)
        texts.set(table, JSON.stringify(await items(table)))
      // The keys of marks contain student numbers; no other item may.
      const people = (await items('PeopleTable')).filter(({ pk }) => pk !== 'office#G')
      return texts.set('PeopleTable', JSON.stringify(people))
    },
  }
}

/**
 * Returns the places that contain a canary's mark, number or PIN. A student number counts only as a whole text or a part of a path,
 * since three digits alone may be milliseconds.
 */
export function placesOf({ matricule, note, pin }: Canary, texts: ReadonlyMap<string, string>): string[] {
  const mark = String(note).replace('.', '[.,]')
  const pattern = new RegExp(`(?<!\\d)${mark}(?!\\d)|["'/]${matricule}(?!\\d)|(?<!\\d)${pin}(?!\\d)`)
  return [...texts].filter(([, text]) => pattern.test(text)).map(([place]) => place)
}

const Sent = v.looseObject({
  MessageBody: v.optional(v.string()),
  Entries: v.optional(v.array(v.looseObject({ MessageBody: v.optional(v.string()) })), []),
})

/** Returns the bodies of SendMessage and SendMessageBatch; an empty list for any other request. */
function bodiesOf(input: unknown): string[] {
  const { MessageBody, Entries } = v.parse(Sent, input)
  return [MessageBody, ...Entries.map((entry) => entry.MessageBody)].filter((body) => body !== undefined)
}

/** Returns the events of a packed body; any other body unchanged. */
function unpacked(body: string): string {
  const packed = v.safeParse(v.pipe(v.string(), v.parseJson(), PackedBody), body)
  return packed.success ? zstdDecompressSync(Buffer.from(packed.output.data, 'base64')).toString() : body
}
