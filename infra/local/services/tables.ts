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

/** Returns the partition key of each table, by the table's name. */
export function hashKeys(resources: StackResources, names: StackNames): ReadonlyMap<string, string> {
  const tables = resources.ofType('AWS::DynamoDB::Table', Table)
  return new Map(
    tables.map(({ logicalId, properties }) => {
      const hash = properties.KeySchema.find(({ KeyType }) => KeyType === 'HASH')
      return [names.ref(logicalId) ?? logicalId, hash?.AttributeName ?? '']
    }),
  )
}

/** Creates the template's tables that do not exist yet; returns those with a time to live. */
export async function createTables(
  resources: StackResources,
  names: StackNames,
  client: DynamoDBClient,
): Promise<TimeToLive[]> {
  const expiring: TimeToLive[] = []
  for (const { logicalId, properties } of resources.ofType('AWS::DynamoDB::Table', Table)) {
    const tableName = names.ref(logicalId) ?? logicalId
    const existing = await describe(client, tableName)
    if (!existing) await client.send(new CreateTableCommand(creation(tableName, properties)))
    else if (shapeOf(existing) !== shapeOf(properties)) {
      const message = `The table ${tableName} has other keys or indexes in the data folder than in the template: delete the folder to start with empty tables.`
      throw new LocalCloudError('table-changed', message)
    }
    const { AttributeName: attribute, Enabled } = properties.TimeToLiveSpecification ?? { Enabled: false }
    const keys = properties.KeySchema.map(({ AttributeName }) => AttributeName)
    if (Enabled && attribute) expiring.push({ tableName, attribute, keys })
  }
  return expiring
}

/** Returns the table to create. It is on demand: the emulator throttles provisioned tables by other rules than AWS. */
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

/** Returns the properties that only a new table can change, as a comparable string. */
function shapeOf(
  table: Pick<TableDescription, 'KeySchema' | 'GlobalSecondaryIndexes' | 'LocalSecondaryIndexes'>,
): string {
  const keys = (schema: TableDescription['KeySchema'] = []) => schema.map(({ AttributeName }) => AttributeName)
  const indexes = [...(table.GlobalSecondaryIndexes ?? []), ...(table.LocalSecondaryIndexes ?? [])]
  const named = indexes.map(({ IndexName, KeySchema }) => [IndexName, ...keys(KeySchema)].join(' '))
  return JSON.stringify([keys(table.KeySchema), named.sort()])
}

/** Returns false if the item was deleted or its time to live extended since it was read. */
async function deleteIf(client: DynamoDBClient, input: DeleteItemCommandInput): Promise<boolean> {
  try {
    await client.send(new DeleteItemCommand(input))
    return true
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false
    throw error
  }
}

/** Deletes the expired items of a table and returns their number; the emulator does not expire items itself. */
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
