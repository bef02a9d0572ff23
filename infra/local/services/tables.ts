import {
  ConditionalCheckFailedException,
  CreateTableCommand,
  type CreateTableCommandInput,
  DeleteItemCommand,
  type DeleteItemCommandInput,
  DescribeTableCommand,
  type DynamoDBClient,
  paginateScan,
  ResourceNotFoundException,
  type TableDescription,
} from '@aws-sdk/client-dynamodb'
import * as v from 'valibot'
import { LocalCloudError } from '../errors.ts'
import type { StackNames } from '../template/names.ts'
import type { StackResources } from '../template/resources.ts'

const keySchema = v.array(v.object({ AttributeName: v.string(), KeyType: v.picklist(['HASH', 'RANGE']) }))
const projection = v.object({
  ProjectionType: v.optional(v.picklist(['ALL', 'KEYS_ONLY', 'INCLUDE'])),
  NonKeyAttributes: v.optional(v.array(v.string())),
})
const index = v.object({ IndexName: v.string(), KeySchema: keySchema, Projection: projection })
const Table = v.looseObject({
  AttributeDefinitions: v.array(v.object({ AttributeName: v.string(), AttributeType: v.picklist(['S', 'N', 'B']) })),
  KeySchema: keySchema,
  GlobalSecondaryIndexes: v.optional(v.array(index)),
  LocalSecondaryIndexes: v.optional(v.array(index)),
  TimeToLiveSpecification: v.optional(v.object({ AttributeName: v.optional(v.string()), Enabled: v.boolean() })),
})
type Table = v.InferOutput<typeof Table>

export interface TimeToLive {
  tableName: string
  attribute: string
  keys: string[]
}

/** The partition key of each table, by its name. */
export function hashKeys(resources: StackResources, names: StackNames): ReadonlyMap<string, string> {
  const tables = resources.ofType('AWS::DynamoDB::Table', Table)
  return new Map(
    tables.map(({ logicalId, properties }) => {
      const hash = properties.KeySchema.find(({ KeyType }) => KeyType === 'HASH')
      return [names.ref(logicalId) ?? logicalId, hash?.AttributeName ?? '']
    }),
  )
}

/** Creates the tables that the template has and the store has not; returns those with a time to live. */
export async function createTables(
  resources: StackResources,
  names: StackNames,
  client: DynamoDBClient,
): Promise<TimeToLive[]> {
  const expiring: TimeToLive[] = []
  for (const { logicalId, properties } of resources.ofType('AWS::DynamoDB::Table', Table)) {
    const tableName = names.ref(logicalId) ?? logicalId
    const kept = await describe(client, tableName)
    if (!kept) await client.send(new CreateTableCommand(creation(tableName, properties)))
    else if (shapeOf(kept) !== shapeOf(properties)) {
      const message = `The table ${tableName} has other keys or indexes in the data folder than in the template: remove the folder to begin anew.`
      throw new LocalCloudError('table-changed', message)
    }
    const { AttributeName: attribute, Enabled } = properties.TimeToLiveSpecification ?? { Enabled: false }
    const keys = properties.KeySchema.map(({ AttributeName }) => AttributeName)
    if (Enabled && attribute) expiring.push({ tableName, attribute, keys })
  }
  return expiring
}

/** Always on demand: the emulator would throttle provisioned tables by no rule that AWS has. */
function creation(tableName: string, table: Table): CreateTableCommandInput {
  const { AttributeDefinitions, KeySchema, GlobalSecondaryIndexes, LocalSecondaryIndexes } = table
  const input: CreateTableCommandInput = {
    TableName: tableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions,
    KeySchema,
  }
  const plain = (indexes: NonNullable<Table['GlobalSecondaryIndexes']>) =>
    indexes.map(({ Projection, ...rest }) => ({
      ...rest,
      Projection: {
        ...(Projection.ProjectionType ? { ProjectionType: Projection.ProjectionType } : {}),
        ...(Projection.NonKeyAttributes ? { NonKeyAttributes: Projection.NonKeyAttributes } : {}),
      },
    }))
  if (GlobalSecondaryIndexes) input.GlobalSecondaryIndexes = plain(GlobalSecondaryIndexes)
  if (LocalSecondaryIndexes) input.LocalSecondaryIndexes = plain(LocalSecondaryIndexes)
  return input
}

async function describe(client: DynamoDBClient, tableName: string): Promise<TableDescription | undefined> {
  try {
    return (await client.send(new DescribeTableCommand({ TableName: tableName }))).Table
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined
    throw error
  }
}

/** What a table cannot change without being made anew, in a comparable form. */
function shapeOf(
  table: Pick<TableDescription, 'KeySchema' | 'GlobalSecondaryIndexes' | 'LocalSecondaryIndexes'>,
): string {
  const keys = (schema: TableDescription['KeySchema'] = []) => schema.map(({ AttributeName }) => AttributeName)
  const indexes = [...(table.GlobalSecondaryIndexes ?? []), ...(table.LocalSecondaryIndexes ?? [])]
  const named = indexes.map(({ IndexName, KeySchema }) => [IndexName, ...keys(KeySchema)].join(' '))
  return JSON.stringify([keys(table.KeySchema), named.sort()])
}

/** False if the item was given a later time, or removed, since it was read. */
async function deleteIf(client: DynamoDBClient, input: DeleteItemCommandInput): Promise<boolean> {
  try {
    await client.send(new DeleteItemCommand(input))
    return true
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false
    throw error
  }
}

/** Deletes what has expired, which DynamoDB does "within a few days" and the emulator never. */
export async function sweepExpired(
  client: DynamoDBClient,
  { tableName, attribute, keys }: TimeToLive,
  nowMs: number,
): Promise<number> {
  const values = { ':now': { N: String(Math.floor(nowMs / 1000)) }, ':number': { S: 'N' } }
  const expired = {
    ExpressionAttributeNames: { '#expires': attribute },
    ExpressionAttributeValues: values,
  }
  let deleted = 0
  const condition = 'attribute_type(#expires, :number) AND #expires < :now'
  for await (const { Items = [] } of paginateScan(
    { client },
    { TableName: tableName, FilterExpression: condition, ...expired },
  )) {
    for (const item of Items) {
      const key = Object.fromEntries(keys.flatMap((name) => (item[name] ? [[name, item[name]] as const] : [])))
      if (await deleteIf(client, { TableName: tableName, Key: key, ConditionExpression: condition, ...expired }))
        deleted++
    }
  }
  return deleted
}
