import * as v from 'valibot'
import { denialOf } from '../access/authorization.ts'
import type { Roles } from '../access/roles.ts'
import { LocalCloudError } from '../errors.ts'
import type { Functions, LambdaFunction } from '../functions/functions.ts'
import type { QueueVisibility } from '../services/queues.ts'
import type { StackResources } from '../template/resources.ts'

const Mapping = v.looseObject({
  EventSourceArn: v.string(),
  FunctionName: v.string(),
  Enabled: v.optional(v.boolean(), true),
  BatchSize: v.optional(v.number(), 10),
  MaximumBatchingWindowInSeconds: v.optional(v.number(), 0),
  FunctionResponseTypes: v.optional(v.array(v.string()), []),
  ScalingConfig: v.optional(
    v.looseObject({ MaximumConcurrency: v.optional(v.pipe(v.number(), v.minValue(2), v.maxValue(1000))) }),
  ),
  FilterCriteria: v.optional(v.never('is not supported by the local cloud')),
})

export interface EventSource {
  queueArn: string
  queueUrl: string
  target: LambdaFunction
  batchSize: number
  windowSeconds: number
  reportsFailures: boolean
  concurrency: number
}

/** The actions that the function's role must allow, since Lambda polls the queue with that role. */
const pollerActions = ['ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes'] as const

/** Concurrent invocations of a mapping without MaximumConcurrency; AWS starts with five pollers. */
const concurrencyDefault = 5

/** Returns the template's event source mappings; throws if Lambda would reject one. */
export function readEventSources(
  resources: StackResources,
  functions: Functions,
  queues: { urlOf(arn: string): string; visibility: QueueVisibility },
  roles: Roles,
): EventSource[] {
  return resources.ofType('AWS::Lambda::EventSourceMapping', Mapping).flatMap(({ logicalId, properties }) => {
    if (!properties.Enabled) return []
    const reject = (why: string) => new LocalCloudError('template-refused', `AWS would reject ${logicalId}: ${why}.`)
    const target = functions.find(properties.FunctionName)
    const visibility = queues.visibility.get(properties.EventSourceArn)
    if (!target) throw reject(`${properties.FunctionName} is not a function of the template`)
    if (visibility === undefined) throw reject(`${properties.EventSourceArn} is not a queue of the template`)
    const timeoutSeconds = target.timeoutMs / 1000
    if (visibility < timeoutSeconds) {
      throw reject(
        `Queue visibility timeout: ${visibility} seconds is less than Function timeout: ${timeoutSeconds} seconds`,
      )
    }
    const role = roles.assumed(target.roleArn, target.name)
    for (const action of pollerActions) {
      if (denialOf(role, [{ action: `sqs:${action}`, resource: properties.EventSourceArn }]) === undefined) continue
      throw reject(`The provided execution role does not have permissions to call ${action} on SQS`)
    }
    if (properties.BatchSize > 10 && properties.MaximumBatchingWindowInSeconds < 1) {
      throw reject('a BatchSize over 10 needs a MaximumBatchingWindowInSeconds of 1 or more')
    }
    return {
      queueArn: properties.EventSourceArn,
      queueUrl: queues.urlOf(properties.EventSourceArn),
      target,
      batchSize: properties.BatchSize,
      windowSeconds: properties.MaximumBatchingWindowInSeconds,
      reportsFailures: properties.FunctionResponseTypes.includes('ReportBatchItemFailures'),
      concurrency: properties.ScalingConfig?.MaximumConcurrency ?? concurrencyDefault,
    }
  })
}
