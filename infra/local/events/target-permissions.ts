import * as v from 'valibot'
import { matches, oneOrMany } from '../access/policy.ts'
import { LocalCloudError } from '../errors.ts'
import type { StackResources } from '../template/resources.ts'

const Permission = v.looseObject({
  Action: v.string(),
  FunctionName: v.string(),
  Principal: v.string(),
  SourceArn: v.optional(v.string()),
})
const sources = v.optional(v.strictObject({ 'aws:SourceArn': oneOrMany }))
const Statement = v.looseObject({
  Effect: v.string(),
  Principal: v.unknown(),
  Action: oneOrMany,
  Resource: oneOrMany,
  Condition: v.optional(v.strictObject({ ArnEquals: sources, ArnLike: sources, StringEquals: sources }), {}),
})
const QueuePolicy = v.looseObject({
  Queues: v.array(v.string()),
  PolicyDocument: v.looseObject({ Statement: v.array(v.unknown()) }),
})
const eventBridge = 'events.amazonaws.com'

export interface RuleTarget {
  /** ARN of the rule. */
  rule: string
  /** ARN of a function or a queue. */
  target: string
}

/**
 * Returns a function that throws if EventBridge may not use a target: AWS deploys such a template, and then drops every event. A function
 * needs an `AWS::Lambda::Permission`, a queue an `AWS::SQS::QueuePolicy`
 * (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html).
 */
export function targetCheck(resources: StackResources): (wanted: RuleTarget) => void {
  const permissions = resources.ofType('AWS::Lambda::Permission', Permission).map(({ properties }) => properties)
  const statements = resources
    .ofType('AWS::SQS::QueuePolicy', QueuePolicy)
    .flatMap(({ properties }) => properties.PolicyDocument.Statement)
    .flatMap((statement) => (v.is(Statement, statement) ? [v.parse(Statement, statement)] : []))

  const mayInvoke = ({ rule, target }: RuleTarget): boolean =>
    permissions.some(
      ({ Action, FunctionName, Principal, SourceArn = '*' }) =>
        Action === 'lambda:InvokeFunction' &&
        Principal === eventBridge &&
        (FunctionName === target || target.endsWith(`:function:${FunctionName}`)) &&
        matches(SourceArn, rule),
    )
  const maySend = ({ rule, target }: RuleTarget): boolean =>
    statements.some(({ Effect, Principal, Action, Resource, Condition }) => {
      const isPrincipal = v.is(v.object({ Service: oneOrMany }), Principal)
        ? v.parse(v.object({ Service: oneOrMany }), Principal).Service.includes(eventBridge)
        : Principal === '*'
      const isFrom = Object.values(Condition).every((keys) => keys?.['aws:SourceArn'].some((arn) => matches(arn, rule)))
      const isSend = Action.some((action) => matches(action.toLowerCase(), 'sqs:sendmessage'))
      return Effect === 'Allow' && isPrincipal && isFrom && isSend && Resource.some((arn) => matches(arn, target))
    })

  return (wanted) => {
    const isQueue = wanted.target.startsWith('arn:aws:sqs:')
    if (isQueue ? maySend(wanted) : mayInvoke(wanted)) return
    const needed = isQueue ? 'an AWS::SQS::QueuePolicy' : 'an AWS::Lambda::Permission'
    const message = `EventBridge may not use ${wanted.target}, so AWS would drop the events of ${wanted.rule}: add ${needed} for ${eventBridge}.`
    throw new LocalCloudError('template-refused', message)
  }
}
