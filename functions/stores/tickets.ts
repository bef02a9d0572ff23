import { DeleteCommand, type DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb'
import * as v from 'valibot'
import { SiteId } from '../../contracts/names.ts'
import { isConditionFailed, timeToLive } from './table.ts'
import { keys } from './table-keys.ts'

const TicketRow = v.looseObject({ site: SiteId, keyId: v.string(), scopes: v.array(v.string()), expiresAt: v.number() })
export type TicketRow = v.InferOutput<typeof TicketRow>

/** Tickets that open one WebSocket each, kept by their hash. */
export class TicketStore {
  readonly #db: DynamoDBDocumentClient
  readonly #table: string
  constructor(db: DynamoDBDocumentClient, table: string) {
    this.#db = db
    this.#table = table
  }

  async put(sha256: string, row: TicketRow, now: number): Promise<void> {
    const Item = { ...keys.ticket(sha256), ...row, ttl: timeToLive(now, 3600) }
    await this.#db.send(new PutCommand({ TableName: this.#table, Item }))
  }

  /** Takes the ticket away and answers it: the conditional delete lets only one caller have it. */
  async redeem(sha256: string, now: number): Promise<TicketRow | undefined> {
    try {
      const { Attributes } = await this.#db.send(
        new DeleteCommand({
          TableName: this.#table,
          Key: keys.ticket(sha256),
          ConditionExpression: 'expiresAt > :now',
          ExpressionAttributeValues: { ':now': now },
          ReturnValues: 'ALL_OLD',
        }),
      )
      return v.parse(TicketRow, Attributes)
    } catch (error) {
      if (isConditionFailed(error)) return undefined
      throw error
    }
  }
}
