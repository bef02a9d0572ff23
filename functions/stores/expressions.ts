import type { QueryCommandInput } from '@aws-sdk/lib-dynamodb'

/**
 * A condition expression of DynamoDB
 * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ConditionExpressions.html). `#name` is the
 * attribute `name`, unless `names` gives another; `:name` is `values.name`.
 */
export interface Condition {
  condition: string
  names?: Record<string, string>
  values?: Record<string, unknown>
}

/** An update expression, and the condition under which it is applied. */
export interface Change extends Partial<Condition> {
  update: string
}

/** Items of one partition, in the order of their sort keys. */
export interface Query {
  pk: string
  sk?: { between: readonly [first: string, last: string] } | { beginsWith: string } | { after: string }
  read: 'consistent' | 'eventual'
  /** Items a page, at most. */
  limit?: number | undefined
  isDescending?: boolean
  /** Attributes to return; all if absent. */
  attributes?: readonly string[]
  /** Items that do not match are read, and paid for, but not returned. */
  filter?: string
  values?: Record<string, unknown>
  /**
   * What a list does with an item that its schema refuses: the read fails (absent), or the item is left out, logged and counted,
   * so that it stops no work on the other items.
   */
  unreadable?: 'skip'
  /** Asks DynamoDB what the query costs. */
  countsCapacity?: boolean
}

export const ifAbsent: Condition = { condition: 'attribute_not_exists(pk)' }
export const ifPresent: Condition = { condition: 'attribute_exists(pk)' }

/** Returns the update that sets each field that has a value. */
export function setFields(fields: Record<string, unknown>): { update: string; values: Record<string, unknown> } {
  const values = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
  const clauses = Object.keys(values).map((name) => `#${name} = :${name}`)
  return { update: `SET ${clauses.join(', ')}`, values }
}

/** Returns the update that sets fields whose names may have any character. */
export function setNamed(fields: readonly (readonly [name: string, value: unknown])[]) {
  return {
    update: `SET ${fields.map((_, n) => `#f${n} = :f${n}`).join(', ')}`,
    names: Object.fromEntries(fields.map(([name], n) => [`f${n}`, name])),
    values: Object.fromEntries(fields.map(([, value], n) => [`f${n}`, value])),
  }
}

/** Returns Unix seconds after which DynamoDB may delete an item. It does so hours late, so nothing relies on it. */
export function timeToLive(now: number, seconds: number): number {
  return Math.floor(now / 1000) + seconds
}

/** Returns the fields of a command that writes. */
export function expression({ update, condition, names, values }: Partial<Change>) {
  return {
    ...(update !== undefined && { UpdateExpression: update }),
    ...(condition !== undefined && { ConditionExpression: condition }),
    ...placeholders([update, condition], values, names),
  }
}

export function toQueryInput(query: Query): Omit<QueryCommandInput, 'TableName'> {
  const { pk, sk, read, limit, isDescending, attributes, filter, values, countsCapacity } = query
  const range = rangeOf(sk)
  const projection = attributes?.map((name) => `#${name}`).join(', ')
  return {
    KeyConditionExpression: ['pk = :pk', ...range.conditions].join(' AND '),
    ConsistentRead: read === 'consistent',
    ...(limit !== undefined && { Limit: limit }),
    ...(isDescending !== undefined && { ScanIndexForward: !isDescending }),
    ...(projection !== undefined && { ProjectionExpression: projection }),
    ...(filter !== undefined && { FilterExpression: filter }),
    ...(countsCapacity && { ReturnConsumedCapacity: 'TOTAL' as const }),
    ...placeholders([projection, filter], { pk, ...range.values, ...values }),
  }
}

function rangeOf(sk: Query['sk']): { conditions: string[]; values: Record<string, string> } {
  if (!sk) return { conditions: [], values: {} }
  if ('after' in sk) return { conditions: ['sk > :after'], values: { after: sk.after } }
  if ('beginsWith' in sk) return { conditions: ['begins_with(sk, :prefix)'], values: { prefix: sk.beginsWith } }
  const [first, last] = sk.between
  return { conditions: ['sk BETWEEN :first AND :last'], values: { first, last } }
}

/** DynamoDB refuses a name or value that is defined and not used, so only those of the texts are defined. */
function placeholders(
  texts: readonly (string | undefined)[],
  values: Record<string, unknown> = {},
  names: Record<string, string> = {},
) {
  const used = new Set(texts.join(' ').match(/#\w+/g))
  const nameEntries = [...used].map((name) => [name, names[name.slice(1)] ?? name.slice(1)])
  const valueEntries = Object.entries(values).map(([name, value]) => [`:${name}`, value])
  return {
    ...(nameEntries.length > 0 && { ExpressionAttributeNames: Object.fromEntries(nameEntries) }),
    ...(valueEntries.length > 0 && { ExpressionAttributeValues: Object.fromEntries(valueEntries) }),
  }
}
