import {
  BatchGetCommand,
  BatchWriteCommand,
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  ScanCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb'

type Item = Record<string, unknown>
type Names = Record<string, string> | undefined

/** DynamoDB's own error for a condition that does not hold. */
class ConditionalCheckFailedException extends Error {
  override readonly name = 'ConditionalCheckFailedException'
}

/**
 * One DynamoDB table in memory: gets, puts, updates, deletes, queries of one partition and scans by a prefix, with the condition and update
 * expressions that the stores use. Each command is atomic. A test compares it with an emulator.
 */
export class MemoryTable {
  readonly #partitions = new Map<string, Partition>()

  /** Executes a command and answers as DynamoDB does. */
  carryOut(command: unknown): Item {
    if (command instanceof GetCommand) return { Item: structuredClone(this.#get(command.input.Key ?? {})) }
    if (command instanceof QueryCommand) return this.#query(command.input)
    if (command instanceof PutCommand) return this.#put(command.input)
    if (command instanceof UpdateCommand) return this.#update(command.input)
    if (command instanceof DeleteCommand) return this.#delete(command.input)
    if (command instanceof ScanCommand) return this.#scan(command.input)
    if (command instanceof BatchWriteCommand) return this.#batch(command.input)
    if (command instanceof BatchGetCommand) return this.#batchGet(command.input)
    throw new Error(`The table in memory does not support ${String(command)}.`)
  }

  items(): Item[] {
    return [...this.#partitions.values()].flatMap((rows) => [...rows.values()])
  }

  #put({ Item = {}, ...rest }: PutCommand['input']): Item {
    this.#check(this.#get(Item), rest)
    this.#rows(Item).set(String(Item['sk']), structuredClone(Item))
    return {}
  }

  #update({ Key = {}, UpdateExpression = '', ...rest }: UpdateCommand['input']): Item {
    const old = this.#get(Key)
    this.#check(old, rest)
    const item = structuredClone(old ?? { ...Key })
    const { SET: set = '', REMOVE: remove = '', ADD: add = '', DELETE: taken = '' } = clausesOf(UpdateExpression)
    for (const clause of listOf(add)) {
      const { parent, name, value } = operandsOf(item, clause, rest)
      parent[name] =
        value instanceof Set ? new Set([...asSet(parent[name]), ...value]) : Number(parent[name] ?? 0) + Number(value)
    }
    for (const clause of listOf(taken)) {
      const { parent, name, value } = operandsOf(item, clause, rest)
      const gone = asSet(value)
      const left = new Set([...asSet(parent[name])].filter((one) => !gone.has(one)))
      // DynamoDB has no empty set.
      if (left.size > 0) parent[name] = left
      else delete parent[name]
    }
    for (const clause of listOf(set)) {
      const [left = '', right = ''] = clause.split('=').map((side) => side.trim())
      const { parent, name } = placeOf(item, left, rest.ExpressionAttributeNames)
      parent[name] = settledValue(right, parent[name], rest.ExpressionAttributeValues)
    }
    for (const one of listOf(remove)) delete item[nameOf(one, rest.ExpressionAttributeNames)]
    this.#rows(Key).set(String(Key['sk']), item)
    if (rest.ReturnValues === 'ALL_NEW') return { Attributes: structuredClone(item) }
    return rest.ReturnValues === 'ALL_OLD' || rest.ReturnValues === 'UPDATED_OLD' ? { Attributes: old } : {}
  }

  #scan({ ExpressionAttributeValues = {} }: ScanCommand['input']): Item {
    const prefix = String(ExpressionAttributeValues[':prefix'])
    return { Items: this.items().filter(({ pk }) => String(pk).startsWith(prefix)) }
  }

  #batch({ RequestItems = {} }: BatchWriteCommand['input']): Item {
    for (const { DeleteRequest, PutRequest } of Object.values(RequestItems).flat()) {
      if (PutRequest) this.#put({ TableName: '', Item: PutRequest.Item })
      if (DeleteRequest) this.#delete({ TableName: '', Key: DeleteRequest.Key })
    }
    return {}
  }

  #batchGet({ RequestItems = {} }: BatchGetCommand['input']): Item {
    const [[name, { Keys = [] }] = ['', {}]] = Object.entries(RequestItems)
    return { Responses: { [name]: Keys.flatMap((key) => structuredClone(this.#get(key)) ?? []) } }
  }

  #delete({ Key = {}, ...rest }: DeleteCommand['input']): Item {
    this.#check(this.#get(Key), rest)
    this.#rows(Key).delete(String(Key['sk']))
    return {}
  }

  /** Returns a page as DynamoDB does: a limit counts the rows before the filter, and there is no limit of bytes. */
  #query(input: QueryCommand['input']): Item {
    const { ExpressionAttributeValues = {}, KeyConditionExpression = '', ExclusiveStartKey: start } = input
    const within = keyConditions[KeyConditionExpression]
    if (!within) throw new Error(`unknown key condition ${KeyConditionExpression}`)
    const values = (name: string) => String(ExpressionAttributeValues[name])
    const found = this.#partitions.get(values(':pk'))?.within(...within(values)) ?? []
    const isBackwards = input.ScanIndexForward === false
    if (isBackwards) found.reverse()
    const isBehind = (sk: string, from: string) => (isBackwards ? sk < from : sk > from)
    const behind = start ? found.filter(({ sk }) => isBehind(String(sk), String(start['sk']))) : found
    const read = behind.slice(0, input.Limit ?? behind.length)
    const last = read.length < behind.length ? read.at(-1) : undefined
    const { FilterExpression: filter } = input
    const matching = filter === undefined ? read : read.filter((item) => holds(filter, item, input))
    const items = matching.map((item) => structuredClone(item))
    return { Items: items, Count: items.length, ...(last && { LastEvaluatedKey: { pk: last['pk'], sk: last['sk'] } }) }
  }

  #check(item: Item | undefined, input: { ConditionExpression?: string | undefined } & Expression): void {
    const { ConditionExpression: text } = input
    if (text !== undefined && !holds(text, item ?? {}, input)) throw new ConditionalCheckFailedException('condition')
  }

  #get(key: Item): Item | undefined {
    return this.#partitions.get(String(key['pk']))?.get(String(key['sk']))
  }

  /** @throws for a key that DynamoDB refuses */
  #rows(key: Item): Partition {
    const pk = String(key['pk'])
    checkKey(pk, pkBytesMax)
    checkKey(String(key['sk']), skBytesMax)
    const rows = this.#partitions.get(pk) ?? new Partition()
    this.#partitions.set(pk, rows)
    return rows
  }
}

/** DynamoDB's own limits. */
const [pkBytesMax, skBytesMax] = [2_048, 1_024]

function checkKey(text: string, bytesMax: number): void {
  if (text !== '' && Buffer.byteLength(text) <= bytesMax) return
  throw Object.assign(new Error(`a key of ${Buffer.byteLength(text)} bytes`), { name: 'ValidationException' })
}

/** First and last sort key of a key condition. */
type Range = (value: (name: string) => string) => [string, string]
const keyConditions: Readonly<Record<string, Range>> = {
  'pk = :pk': () => ['', '\u{10ffff}'],
  'pk = :pk AND sk BETWEEN :first AND :last': (value) => [value(':first'), value(':last')],
  'pk = :pk AND sk > :after': (value) => [`${value(':after')}\u0000`, '\u{10ffff}'],
  'pk = :pk AND begins_with(sk, :prefix)': (value) => [value(':prefix'), `${value(':prefix')}\u{10ffff}`],
}

/** Rows by sort key. They are sorted only when a query needs it. */
class Partition extends Map<string, Item> {
  #sorted: string[] | undefined

  override set(sk: string, item: Item): this {
    if (!this.has(sk)) this.#sorted = undefined
    return super.set(sk, item)
  }

  override delete(sk: string): boolean {
    this.#sorted = undefined
    return super.delete(sk)
  }

  within(first: string, last: string): Item[] {
    this.#sorted ??= [...this.keys()].sort((a, b) => (a < b ? -1 : 1))
    const sorted = this.#sorted
    let [from, to] = [0, sorted.length]
    while (from < to) {
      const middle = (from + to) >> 1
      if ((sorted[middle] ?? '') < first) from = middle + 1
      else to = middle
    }
    const items: Item[] = []
    for (let at = from; at < sorted.length; at += 1) {
      const sk = sorted[at] ?? ''
      if (sk > last) break
      const item = this.get(sk)
      if (item) items.push(item)
    }
    return items
  }
}

interface Expression {
  ExpressionAttributeNames?: Names
  ExpressionAttributeValues?: Item | undefined
}

/** The clauses of an update expression, by their word. */
function clausesOf(text: string): Partial<Record<string, string>> {
  const parts = text.split(/\b(SET|REMOVE|ADD|DELETE) /).slice(1)
  return Object.fromEntries(parts.flatMap((word, n) => (n % 2 === 0 ? [[word, parts[n + 1]?.trim() ?? '']] : [])))
}

const listOf = (text: string): string[] =>
  text
    .split(/,(?![^(]*\))/)
    .map((one) => one.trim())
    .filter(Boolean)

/** The attribute and the value of `#name :value`. */
function operandsOf(item: Item, clause: string, { ExpressionAttributeNames, ExpressionAttributeValues }: Expression) {
  const [path = '', value = ''] = clause.split(' ')
  return { ...placeOf(item, path, ExpressionAttributeNames), value: ExpressionAttributeValues?.[value] }
}

function asSet(value: unknown): Set<unknown> {
  return value instanceof Set ? value : new Set()
}

function nameOf(text: string, names: Names): string {
  return names?.[text] ?? text
}

/** The map that holds an attribute or a path of two, and its name there. */
function placeOf(item: Item, path: string, names: Names): { parent: Item; name: string } {
  const [first = '', second] = path.split('.').map((part) => nameOf(part, names))
  if (second === undefined) return { parent: item, name: first }
  const parent = item[first]
  if (typeof parent !== 'object' || parent === null) throw new Error(`the item has no map ${first}`)
  return { parent: parent as Item, name: second }
}

/** `:a`, `if_not_exists(x, :a)` or `if_not_exists(x, :a) + :b`, where `x` is what is set. */
function settledValue(text: string, old: unknown, values: Item | undefined): unknown {
  const [, first = '', second] = /^if_not_exists\([^,]+, (:\w+)\)(?: \+ (:\w+))?$/.exec(text) ?? []
  if (first === '') return values?.[text]
  const base = old ?? values?.[first]
  return second === undefined ? base : Number(base) + Number(values?.[second])
}

const parsed = new Map<string, string[]>()

/** Evaluates a condition: OR, AND, brackets, `attribute_(not_)exists(x)`, and comparisons of an attribute with a value. */
function holds(text: string, item: Item, { ExpressionAttributeNames: names, ExpressionAttributeValues }: Expression) {
  const tokens = parsed.get(text) ?? text.match(/attribute_\w+|[#:\w]+|<=|>=|<>|[<>=()]/g) ?? []
  parsed.set(text, tokens)
  let at = 0
  const attribute = (token = '') => item[nameOf(token, names)]
  const value = (token = '') => (token.startsWith(':') ? ExpressionAttributeValues?.[token] : attribute(token))
  const any = (): boolean => {
    let result = all()
    while (tokens[at] === 'OR') {
      at += 1
      result = all() || result
    }
    return result
  }
  const all = (): boolean => {
    let result = one()
    while (tokens[at] === 'AND') {
      at += 1
      result = one() && result
    }
    return result
  }
  const one = (): boolean => {
    const token = tokens[at++]
    if (token === '(') {
      const inner = any()
      at += 1
      return inner
    }
    if (token?.startsWith('attribute_')) {
      const exists = attribute(tokens[at + 1]) !== undefined
      at += 3
      return token === 'attribute_exists' ? exists : !exists
    }
    const [operator, right] = [tokens[at], tokens[at + 1]]
    at += 2
    return compare(value(token), operator, value(right))
  }
  return any()
}

/** A comparison with a missing attribute is false. */
function compare(a: unknown, operator: string | undefined, b: unknown): boolean {
  if (typeof a !== typeof b || a === undefined) return false
  if (operator === '=') return a === b
  if (!((typeof a === 'string' && typeof b === 'string') || (typeof a === 'number' && typeof b === 'number')))
    return false
  if (operator === '<') return a < b
  if (operator === '>') return a > b
  if (operator === '<=') return a <= b
  return operator === '>=' && a >= b
}

/** Returns an SDK client that passes each command to `send`. */
export function documentClientOver(send: (command: unknown) => Promise<Item>): DynamoDBDocumentClient {
  const client: DynamoDBDocumentClient = Object.create(DynamoDBDocumentClient.prototype)
  Object.defineProperty(client, 'send', { value: send })
  return client
}
