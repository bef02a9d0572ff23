import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'

let client: DynamoDBDocumentClient | undefined

/** One client a process; its connections are kept open between invocations. */
export function documentClient(): DynamoDBDocumentClient {
  // Five tries take a second or two of the function's ten; SQS delivers again what still fails, but a minute later.
  client ??= DynamoDBDocumentClient.from(new DynamoDBClient({ maxAttempts: 5 }), {
    marshallOptions: { removeUndefinedValues: true },
  })
  return client
}

/** Unix seconds at which DynamoDB may delete an item by itself. It does so late, so nothing relies on it. */
export function timeToLive(now: number, seconds: number): number {
  return Math.floor(now / 1000) + seconds
}

/** Resolves with false if the write's condition did not hold. */
export async function unlessConditionFailed(sending: Promise<unknown>): Promise<boolean> {
  try {
    await sending
    return true
  } catch (error) {
    if (isConditionFailed(error)) return false
    throw error
  }
}

export function isConditionFailed(error: unknown): boolean {
  return error instanceof Error && error.name === 'ConditionalCheckFailedException'
}
