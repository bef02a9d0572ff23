import * as v from 'valibot'

const Value = v.union([
  v.pipe(
    v.object({ S: v.string() }),
    v.transform(({ S }) => S),
  ),
  v.pipe(
    v.object({ N: v.string() }),
    v.transform(({ N }) => N),
  ),
])
const Item = v.record(v.string(), v.unknown())
const Reads = v.looseObject({ Keys: v.array(Item) })
const Writes = v.array(
  v.looseObject({
    PutRequest: v.optional(v.object({ Item })),
    DeleteRequest: v.optional(v.object({ Key: Item })),
  }),
)
const Request = v.looseObject({
  Item: v.optional(Item),
  Key: v.optional(Item),
  KeyConditionExpression: v.optional(v.string(), ''),
  ExpressionAttributeNames: v.optional(v.record(v.string(), v.string()), {}),
  ExpressionAttributeValues: v.optional(Item, {}),
})

/**
 * Returns the partition keys that a request to one table names, for policies with the condition `dynamodb:LeadingKeys`
 * ("Using IAM policy conditions for fine-grained access control"). Returns undefined if the request names no key.
 */
export function leadingKeys(input: unknown, hashKey: string): string[] | undefined {
  if (v.is(Reads, input)) return input.Keys.flatMap((key) => textOf(key[hashKey]) ?? [])
  if (v.is(Writes, input)) {
    const items = input.map(({ PutRequest, DeleteRequest }) => PutRequest?.Item ?? DeleteRequest?.Key)
    return items.flatMap((item) => textOf(item?.[hashKey]) ?? [])
  }
  const request = v.safeParse(Request, input)
  if (!request.success) return undefined
  const { Item, Key, KeyConditionExpression, ExpressionAttributeNames, ExpressionAttributeValues } = request.output
  const single = textOf((Item ?? Key)?.[hashKey])
  if (single !== undefined) return [single]
  for (const [, name = '', value = ''] of KeyConditionExpression.matchAll(/([#\w]+)\s*=\s*(:\w+)/g)) {
    const queried = textOf(ExpressionAttributeValues[value])
    if ((ExpressionAttributeNames[name] ?? name) === hashKey && queried !== undefined) return [queried]
  }
  return undefined
}

function textOf(value: unknown): string | undefined {
  const parsed = v.safeParse(Value, value)
  return parsed.success ? parsed.output : undefined
}
