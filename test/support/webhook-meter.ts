import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb'
import { documentClientOver, type MemoryTable } from '../simulate/presence/table.ts'

/** Prices of us-east-1 in dollars for a million, of November 2026. */
const prices = { writeUnits: 0.625, readUnits: 0.125, requestsOfSqs: 0.4, invocations: 0.2, eventsOnBus: 1 }
const gigabyteSecond = 0.0000133334
const gigabyteOut = 0.09
const memoryGb = 0.5
/** Processor time and table requests of an invocation that the virtual clock does not have. */
const invocationMs = 25

/** Counts what AWS charges for. Sizes are those of JSON, which differs little from DynamoDB's. */
export class WebhookMeter {
  writeUnits = 0
  readUnits = 0
  requestsOfSqs = 0
  invocations = 0
  eventsOnBus = 0
  lambdaMs = 0
  bytesOut = 0

  onTable(command: unknown, answer: Record<string, unknown> | undefined): void {
    const { input } = command as { input: { Item?: unknown; Key?: unknown; ExpressionAttributeValues?: unknown } }
    const isWrite = [PutCommand, UpdateCommand, DeleteCommand].some((kind) => command instanceof kind)
    if (isWrite) this.writeUnits += unitsOf(input.Item ?? [input.Key, input.ExpressionAttributeValues], 1_024)
    else if (command instanceof GetCommand) this.readUnits += unitsOf(answer?.['Item'], 4_096)
    else if (command instanceof QueryCommand) {
      const items = Array.isArray(answer?.['Items']) ? answer['Items'] : []
      // The sweep of each minute costs the same without deliveries.
      const isIdleSweep = items.length === 0 && JSON.stringify(input.ExpressionAttributeValues).includes('DUE#')
      if (!isIdleSweep) this.readUnits += unitsOf(items, 4_096)
    } else throw new Error(`not counted: ${String(command)}`)
  }

  /** A call that sends messages: ten go in a request. */
  onSend(messages: number): void {
    this.requestsOfSqs += Math.ceil(messages / 10)
  }

  /** An invocation for a batch of messages: one request received them, one deletes them. */
  onBatch(ms: number): void {
    this.requestsOfSqs += 2
    this.invocations += 1
    this.lambdaMs += invocationMs + ms
  }

  /** Dollars that a million events cost, if these were `events`. */
  perMillion(events: number): number {
    const named = Object.entries(prices).reduce(
      (sum, [name, price]) => sum + price * this[name as keyof typeof prices],
      0,
    )
    const lambda = (this.lambdaMs / 1_000) * memoryGb * gigabyteSecond * 1e6
    const transfer = (this.bytesOut / 1e9) * gigabyteOut * 1e6
    return (named + lambda + transfer) / events
  }
}

/** Returns a client of a table in memory whose requests are counted. */
export function meteredDb(table: MemoryTable, meter: WebhookMeter | undefined): DynamoDBDocumentClient {
  return documentClientOver(async (command) => {
    let answer: Record<string, unknown> | undefined
    try {
      answer = table.carryOut(command)
      return answer
    } finally {
      // A write whose condition fails costs as much.
      meter?.onTable(command, answer)
    }
  })
}

function unitsOf(value: unknown, unitBytes: number): number {
  return Math.max(1, Math.ceil(Buffer.byteLength(JSON.stringify(value ?? '')) / unitBytes))
}
