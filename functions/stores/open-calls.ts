import { type DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import * as v from 'valibot'
import type { SiteId } from '../../contracts/names.ts'
import { isConditionFailed } from './table.ts'
import { keys } from './table-keys.ts'

const Ids = v.optional(v.union([v.set(v.string()), v.array(v.string())]))
const OpenRow = v.looseObject({ all: Ids })
/** A thousand ids are 27 KB in one item; the contracts allow no higher cap. */
export interface OpenCaps {
  site: number
  key: number
}

/**
 * The calls by API that have not ended, in one item a site: a set of all of them and one of each key. A call is put in on
 * the condition that there is room, so that requests at the same time cannot pass a cap together.
 */
export class OpenCalls {
  readonly #db: DynamoDBDocumentClient
  readonly #table: string
  constructor(db: DynamoDBDocumentClient, table: string) {
    this.#db = db
    this.#table = table
  }

  /** False if site or key have as many calls as they may. */
  async add(site: SiteId, keyId: string, call: string, max: OpenCaps): Promise<boolean> {
    if (max.site === 0 || max.key === 0) return false
    return this.#update({
      TableName: this.#table,
      Key: keys.openCalls(site),
      UpdateExpression: 'ADD #all :call, #key :call',
      ConditionExpression:
        '(attribute_not_exists(#all) OR size(#all) < :site) AND (attribute_not_exists(#key) OR size(#key) < :max)',
      ExpressionAttributeNames: { '#all': 'all', '#key': keyName(keyId) },
      ExpressionAttributeValues: { ':call': new Set([call]), ':site': max.site, ':max': max.key },
    })
  }

  async remove(site: SiteId, keyId: string, call: string): Promise<void> {
    await this.#update({
      TableName: this.#table,
      Key: keys.openCalls(site),
      UpdateExpression: 'DELETE #all :call, #key :call',
      // Without it, an item that was removed with its site would come back.
      ConditionExpression: 'attribute_exists(pk)',
      ExpressionAttributeNames: { '#all': 'all', '#key': keyName(keyId) },
      ExpressionAttributeValues: { ':call': new Set([call]) },
    })
  }

  async list(site: SiteId): Promise<string[]> {
    const Key = keys.openCalls(site)
    const { Item } = await this.#db.send(new GetCommand({ TableName: this.#table, Key, ConsistentRead: true }))
    return Item ? [...(v.parse(OpenRow, Item).all ?? [])] : []
  }

  async #update(input: ConstructorParameters<typeof UpdateCommand>[0]): Promise<boolean> {
    try {
      await this.#db.send(new UpdateCommand(input))
      return true
    } catch (error) {
      if (isConditionFailed(error)) return false
      throw error
    }
  }
}

function keyName(keyId: string): string {
  return `key:${keyId}`
}
