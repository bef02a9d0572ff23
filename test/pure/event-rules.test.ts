import { expect, test } from 'vitest'
import { connectEventRules } from '../../infra/local/events/event-rules.ts'
import type { Outcome } from '../../infra/local/functions/outcome.ts'
import { createEventBuses } from '../../infra/local/services/event-bus.ts'
import { createIntrinsics, type Intrinsics } from '../../infra/local/template/intrinsics.ts'
import { createStackNames } from '../../infra/local/template/names.ts'
import { createStackResources } from '../../infra/local/template/resources.ts'

const region = 'eu-west-3'
const ruleArn = `arn:aws:events:${region}:000000000000:rule/office/stack-Rule`
const queueArn = (id: string) => `arn:aws:sqs:${region}:000000000000:stack-${id}`
const functionArn = `arn:aws:lambda:${region}:000000000000:function:stack-Store`
type Resources = Record<string, { Type: string; Properties: Record<string, unknown> }>

const allowed: Resources = {
  Permission: {
    Type: 'AWS::Lambda::Permission',
    Properties: {
      Action: 'lambda:InvokeFunction',
      FunctionName: { Ref: 'Store' },
      Principal: 'events.amazonaws.com',
      SourceArn: { 'Fn::GetAtt': ['Rule', 'Arn'] },
    },
  },
  Policy: {
    Type: 'AWS::SQS::QueuePolicy',
    Properties: {
      Queues: [{ Ref: 'Queue' }, { Ref: 'Dead' }],
      PolicyDocument: {
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Service: 'events.amazonaws.com' },
            Action: 'sqs:SendMessage',
            Resource: [{ 'Fn::GetAtt': ['Queue', 'Arn'] }, { 'Fn::GetAtt': ['Dead', 'Arn'] }],
            Condition: { ArnEquals: { 'aws:SourceArn': { 'Fn::GetAtt': ['Rule', 'Arn'] } } },
          },
        ],
      },
    },
  },
}
const target = (id: string, more: Record<string, unknown> = {}) => ({
  Id: id,
  Arn: { 'Fn::GetAtt': [id, 'Arn'] },
  ...more,
})

/** Connects the rules of a template, puts one event, and returns what its targets got. */
async function run(options: {
  rule?: Record<string, unknown>
  targets?: unknown[]
  others?: Resources
  fails?: number
  source?: string
}) {
  const { rule = {}, targets = [target('Store')], others = allowed, fails = 0, source = 'office' } = options
  const Resources: Resources = {
    ...others,
    Queue: { Type: 'AWS::SQS::Queue', Properties: {} },
    Dead: { Type: 'AWS::SQS::Queue', Properties: {} },
    Store: { Type: 'AWS::Lambda::Function', Properties: {} },
    Bus: { Type: 'AWS::Events::EventBus', Properties: { Name: 'office' } },
    Rule: {
      Type: 'AWS::Events::Rule',
      Properties: {
        EventBusName: { Ref: 'Bus' },
        EventPattern: { source: ['office'] },
        Targets: targets,
        ...rule,
      },
    },
  }
  const template = { Parameters: {}, Conditions: {}, Mappings: {}, Resources }
  const listening = { httpUrl: '', socketOrigin: '', awsUrl: 'http://127.0.0.1:1' }
  const names = createStackNames(template, { name: 'stack', region }, listening, () => intrinsics)
  const intrinsics: Intrinsics = createIntrinsics(template, {}, names)
  const resources = createStackResources(template, intrinsics)
  const got: string[] = []
  let left = fails
  const invoke = async (): Promise<Outcome> => {
    left -= 1
    got.push(left >= 0 ? 'failed' : 'stored')
    return left >= 0 ? { functionError: 'Unhandled', payload: '{"errorType":"Error"}' } : { payload: 'null' }
  }
  const services = {
    function: (arn: string) => (arn === functionArn ? { invoke } : undefined),
    send: async (arn: string, body: string) => {
      got.push(`${arn.slice(arn.lastIndexOf('-') + 1)} ${JSON.parse(body).source}`)
    },
  }
  const logged: string[] = []
  const buses = createEventBuses(region)
  connectEventRules(buses, resources, names, services, (event) => void logged.push(event))
  const Entries = [{ Source: source, DetailType: 'call.missed', Detail: '{}', EventBusName: 'office' }]
  await buses.call({ 'x-amz-target': 'AWSEvents.PutEvents' }, Buffer.from(JSON.stringify({ Entries })))
  await new Promise((resolve) => setImmediate(resolve))
  return { got, logged }
}

test('delivers an event that matches a rule to its function and its queue, and no other', async () => {
  expect((await run({ targets: [target('Store'), target('Queue')] })).got).toEqual(['stored', 'Queue office'])
  expect((await run({ source: 'home' })).got).toEqual([])
  expect((await run({ rule: { EventBusName: 'other' }, others: anyRule() })).got).toEqual([])
  expect((await run({ rule: { State: 'DISABLED' } })).got).toEqual([])
})

test('tries a function that fails again, and sends what it never takes to the dead-letter queue', async () => {
  const dead = target('Store', { DeadLetterConfig: { Arn: { 'Fn::GetAtt': ['Dead', 'Arn'] } } })
  expect((await run({ fails: 2 })).got).toEqual(['failed', 'failed', 'stored'])
  expect(await run({ fails: 9, targets: [dead] })).toEqual({
    got: ['failed', 'failed', 'failed', 'Dead office'],
    logged: ['rule-target-failed'],
  })
  const once = { ...dead, RetryPolicy: { MaximumRetryAttempts: 0 } }
  expect((await run({ fails: 9, targets: [once] })).got).toEqual(['failed', 'Dead office'])
})

/** The permissions, for any rule. */
function anyRule(): Resources {
  const { Permission, Policy } = structuredClone(allowed)
  if (Permission) Reflect.deleteProperty(Permission.Properties, 'SourceArn')
  return { ...(Permission && { Permission }), ...(Policy && { Policy }) }
}

function onlyOf(SourceArn: string): Resources {
  const { Permission } = structuredClone(allowed)
  return Permission ? { Permission: { ...Permission, Properties: { ...Permission.Properties, SourceArn } } } : {}
}

test.each<[why: string, options: Parameters<typeof run>[0], says: RegExp]>([
  ['a function without a permission', { others: {} }, /AWS::Lambda::Permission/],
  ['a queue without a policy', { targets: [target('Queue')], others: {} }, /AWS::SQS::QueuePolicy/],
  [
    'a dead-letter queue without a policy',
    {
      targets: [target('Store', { DeadLetterConfig: { Arn: queueArn('Dead') } })],
      others: { Permission: anyRule()['Permission'] ?? { Type: '', Properties: {} } },
    },
    /stack-Dead.*AWS::SQS::QueuePolicy/,
  ],
  [
    'a permission of a rule of another bus',
    { rule: { EventBusName: 'home' }, others: onlyOf(ruleArn) },
    /rule\/home\/stack-Rule/,
  ],
  ['a target of another stack', { targets: [{ Id: 'x', Arn: `${functionArn}2` }] }, /neither a queue nor a function/],
  ['six targets', { targets: Array.from({ length: 6 }, () => target('Store')) }, /more than 5 targets/],
  ['an input transformer', { targets: [target('Store', { InputTransformer: {} })] }, /not supported/],
  ['a pattern that AWS refuses', { rule: { EventPattern: { source: 'office' } } }, /\["value"\]/],
])('refuses a rule with %s', async (_why, options, says) => {
  await expect(run(options)).rejects.toThrow(says)
})

test('the ARN of a rule names its bus, unless that is the default one', async () => {
  const wrong = run({ others: {} })
  await expect(wrong).rejects.toThrow(ruleArn)
  await expect(run({ others: {}, rule: { EventBusName: 'default' } })).rejects.toThrow(':rule/stack-Rule:')
})
