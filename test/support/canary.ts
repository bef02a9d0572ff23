import { zstdDecompressSync } from 'node:zlib'
import * as v from 'valibot'
import { PackedBody } from '../../contracts/packed-body.ts'
import type { Deployment } from './deployment.ts'

/** A mark of somebody who is not there, to be found again where it must not be. */
export interface Canary {
  matricule: string
  note: number
  pin: string
}

/** What a deployment writes where no mark may be: log lines, which metrics are among, and what goes to its queues. */
export interface Watched {
  lines: string[]
  bodies: string[]
  /** Text by its place: these two, every table but the marks themselves, and the audit as its reader gets it. */
  texts(key: string): Promise<Map<string, string>>
}

/** Watches from now on. */
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
      // Marks stand under their numbers; whatever else is told of a student must not.
      const people = (await items('PeopleTable')).filter(({ pk }) => pk !== 'office#G')
      return texts.set('PeopleTable', JSON.stringify(people))
    },
  }
}

/**
 * Where a canary's mark, number or PIN is. Three digits alone may be milliseconds; a student number is a text or a part of a
 * path.
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

/** Of SendMessage and SendMessageBatch; nothing of any other request. */
function bodiesOf(input: unknown): string[] {
  const { MessageBody, Entries } = v.parse(Sent, input)
  return [MessageBody, ...Entries.map((entry) => entry.MessageBody)].filter((body) => body !== undefined)
}

/** The events of a packed body; any other body as it is. */
function unpacked(body: string): string {
  const packed = v.safeParse(v.pipe(v.string(), v.parseJson(), PackedBody), body)
  return packed.success ? zstdDecompressSync(Buffer.from(packed.output.data, 'base64')).toString() : body
}
