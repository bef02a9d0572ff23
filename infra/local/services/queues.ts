import {
  CreateQueueCommand,
  GetQueueUrlCommand,
  QueueDoesNotExist,
  SetQueueAttributesCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs'
import * as v from 'valibot'
import type { StackNames } from '../template/names.ts'
import type { StackResources } from '../template/resources.ts'

const scalar = v.pipe(v.union([v.string(), v.number(), v.boolean()]), v.transform(String))
const Queue = v.looseObject({
  DelaySeconds: v.optional(scalar),
  MaximumMessageSize: v.optional(scalar),
  MessageRetentionPeriod: v.optional(scalar),
  ReceiveMessageWaitTimeSeconds: v.optional(scalar),
  VisibilityTimeout: v.optional(scalar),
  FifoQueue: v.optional(scalar),
  ContentBasedDeduplication: v.optional(scalar),
  RedrivePolicy: v.optional(v.record(v.string(), v.unknown())),
})
type Queue = v.InferOutput<typeof Queue>

const attributeNames = [
  'DelaySeconds',
  'MaximumMessageSize',
  'MessageRetentionPeriod',
  'ReceiveMessageWaitTimeSeconds',
  'VisibilityTimeout',
  'FifoQueue',
  'ContentBasedDeduplication',
] as const

/** Visibility time-outs of the template's queues in seconds, by ARN. */
export type QueueVisibility = ReadonlyMap<string, number>

/** Creates the template's queues and sets changed attributes of queues that exist. */
export async function createQueues(
  resources: StackResources,
  names: StackNames,
  client: SQSClient,
): Promise<QueueVisibility> {
  const visibility = new Map<string, number>()
  for (const { logicalId, properties } of resources.ofType('AWS::SQS::Queue', Queue)) {
    const QueueName = names.attribute(logicalId, 'QueueName') ?? logicalId
    const Attributes = attributesOf(properties)
    if (await exists(client, QueueName)) {
      const { FifoQueue: _fixed, ...changeable } = Attributes
      await client.send(new SetQueueAttributesCommand({ QueueUrl: names.ref(logicalId), Attributes: changeable }))
    } else await client.send(new CreateQueueCommand({ QueueName, Attributes }))
    visibility.set(names.arn(logicalId) ?? logicalId, Number(properties.VisibilityTimeout ?? 30))
  }
  return visibility
}

async function exists(client: SQSClient, QueueName: string): Promise<boolean> {
  try {
    await client.send(new GetQueueUrlCommand({ QueueName }))
    return true
  } catch (error) {
    if (error instanceof QueueDoesNotExist) return false
    throw error
  }
}

function attributesOf(queue: Queue): Record<string, string> {
  const plain = attributeNames.flatMap((name) => (queue[name] === undefined ? [] : [[name, queue[name]] as const]))
  const redrive = queue.RedrivePolicy ? { RedrivePolicy: JSON.stringify(queue.RedrivePolicy) } : {}
  return { ...Object.fromEntries(plain), ...redrive }
}
