import { randomUUID } from 'node:crypto'
import { type DynamoDBDocumentClient, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import * as v from 'valibot'
import type { SiteId } from '../../contracts/names.ts'
import { AuditEntry } from '../../contracts/routes/audit.ts'
import { keys } from './table-keys.ts'

/** An act to be remembered; time and id are the store's. No number of a person, no mark and no secret in any field. */
export type AuditAct = Pick<AuditEntry, 'who' | 'what' | 'on' | 'from' | 'outcome' | 'requestId'>

const Row = v.looseObject({ sk: v.string(), entry: AuditEntry })

/** Who did what. Entries are only ever added: roles grant PutItem and Query, and an id never comes twice. */
export class AuditStore {
  readonly #db: DynamoDBDocumentClient
  readonly #table: string
  constructor(db: DynamoDBDocumentClient, table: string) {
    this.#db = db
    this.#table = table
  }

  /** One write unit: an entry is under 1 KB. `site` is undefined for what was done to the deployment. */
  async record(site: SiteId | undefined, act: AuditAct, now: number): Promise<void> {
    const at = new Date(now).toISOString()
    const id = randomUUID()
    const Item = { pk: keys.audit(site, at.slice(0, 7)), sk: `${at}#${id}`, entry: { at, id, ...act } }
    // The id alone keeps entries apart; the condition makes sure that even a bad one could not replace another.
    const ConditionExpression = 'attribute_not_exists(pk)'
    await this.#db.send(new PutCommand({ TableName: this.#table, Item, ConditionExpression }))
  }

  /** Up to `limit` entries of a month, newest first, between the two times (RFC 3339), older than `before` if given. */
  async month(
    site: SiteId | undefined,
    month: string,
    period: { from: string; to: string; before?: string | undefined },
    limit: number,
  ): Promise<{ rows: { sk: string; entry: AuditEntry }[]; more: boolean }> {
    const result = await this.#db.send(
      new QueryCommand({
        TableName: this.#table,
        KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
        ExpressionAttributeValues: {
          ':pk': keys.audit(site, month),
          ':from': period.from,
          // `~` sorts after every character of a key, so an entry at the very moment of `to` is within.
          ':to': period.before ?? `${period.to}~`,
        },
        ScanIndexForward: false,
        // One more, since BETWEEN includes `before` itself, and one to know whether there are others.
        Limit: limit + 2,
      }),
    )
    const rows = (result.Items ?? []).map((item) => v.parse(Row, item)).filter((row) => row.sk !== period.before)
    return { rows: rows.slice(0, limit), more: rows.length > limit || result.LastEvaluatedKey !== undefined }
  }
}
