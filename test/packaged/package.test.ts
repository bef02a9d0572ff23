import { statSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import * as v from 'valibot'
import { beforeAll, expect, test } from 'vitest'
import { againSeconds } from '../../functions/queues/watch/reap-call.ts'
import { buildService } from '../../infra/start/build.ts'

const zipBytesMax = 600_000

const Statement = v.looseObject({
  Effect: v.string(),
  Action: v.union([v.string(), v.array(v.string())]),
  Resource: v.unknown(),
})
const Resource = v.looseObject({ Type: v.string(), Properties: v.optional(v.record(v.string(), v.unknown())) })
const Template = v.looseObject({ Resources: v.record(v.string(), Resource) })
const Role = v.looseObject({
  AssumeRolePolicyDocument: v.unknown(),
  Policies: v.array(v.looseObject({ PolicyDocument: v.looseObject({ Statement: v.array(Statement) }) })),
})

const Mapping = v.looseObject({
  FunctionName: v.object({ 'Fn::GetAtt': v.array(v.string()) }),
  ScalingConfig: v.object({ MaximumConcurrency: v.number() }),
})

let resources: v.InferOutput<typeof Template>['Resources']
beforeAll(async () => {
  await buildService(process.cwd())
  const text = await readFile('.serverless/cloudformation-template-update-stack.json', 'utf8')
  resources = v.parse(Template, JSON.parse(text)).Resources
})

const ofType = (type: string) => Object.entries(resources).filter(([, resource]) => resource.Type === type)
const roles = () => ofType('AWS::IAM::Role').map(([id, { Properties }]) => [id, v.parse(Role, Properties)] as const)
const statements = (id: string) => {
  const found = roles().find(([name]) => name === id)
  return found?.[1].Policies.flatMap((policy) => policy.PolicyDocument.Statement) ?? []
}

test('the zip file of each function is at most 600 KB', async () => {
  const zips = (await readdir('.serverless')).filter((name) => name.endsWith('.zip'))
  expect(zips.length).toBe(ofType('AWS::Lambda::Function').length)
  const large = zips.filter((name) => statSync(`.serverless/${name}`).size > zipBytesMax)
  expect(large).toEqual([])
})

test('gives each function a role of its own', () => {
  const used = ofType('AWS::Lambda::Function').map(([, { Properties }]) => JSON.stringify(Properties?.['Role']))
  expect(used.length).toBeGreaterThan(5)
  expect(new Set(used).size).toBe(used.length)
})

test('allows no bare wildcard of actions or resources and no NotAction in any role', () => {
  for (const [id] of roles()) {
    for (const statement of statements(id)) {
      const actions = [statement.Action].flat()
      expect(
        actions.filter((action) => action.includes('*')),
        id,
      ).toEqual([])
      expect([statement.Resource].flat(), id).not.toContain('*')
      expect(statement).not.toHaveProperty('NotAction')
    }
  }
})

test('the function that reads the call log may neither write it nor read keys', () => {
  const text = JSON.stringify(statements('CdrsRole'))
  expect(text).toContain('dynamodb:Query')
  expect(text).not.toMatch(/DeleteItem|AccessTable|sqs:/)
  const actionsOn = (table: string) =>
    statements('CdrsRole').flatMap(({ Action, Resource }) => (JSON.stringify(Resource).includes(table) ? Action : []))
  expect(actionsOn('RecordsTable')).toEqual(['dynamodb:Query'])
  expect(actionsOn('AuditTable')).toEqual(['dynamodb:PutItem'])
})

test('functions may only add entries to the audit table and read them; the one that erases numbers may change them', () => {
  const actionsOf = (id: string) =>
    statements(id).flatMap(({ Action, Resource }) => (JSON.stringify(Resource).includes('AuditTable') ? Action : []))
  const others = roles().filter(([id]) => id !== 'RemoveDataRole')
  expect(new Set(others.flatMap(([id]) => actionsOf(id)))).toEqual(new Set(['dynamodb:PutItem', 'dynamodb:Query']))
  expect(actionsOf('RemoveDataRole')).toEqual(['dynamodb:Query', 'dynamodb:UpdateItem'])
})

test('a bridge may only send to the two queues and receive its own commands', () => {
  const allowed = statements('BridgeRole').flatMap(({ Action }) => Action)
  expect(allowed.sort()).toEqual([
    'sqs:ChangeMessageVisibility',
    'sqs:DeleteMessage',
    'sqs:GetQueueAttributes',
    'sqs:ReceiveMessage',
    'sqs:SendMessage',
  ])
  expect(JSON.stringify(statements('BridgeRole')[1]?.Resource)).toContain('{aws:PrincipalTag/queue}')
})

test('the live queue and the records queue each have a dead-letter queue that keeps messages for 14 days', () => {
  const queues = new Map(ofType('AWS::SQS::Queue'))
  for (const name of ['LiveQueue', 'RecordsQueue']) {
    const redrive = JSON.stringify(queues.get(name)?.Properties?.['RedrivePolicy'])
    const dead = /Dead\w+Queue/.exec(redrive)?.[0] ?? ''
    expect(queues.get(dead)?.Properties?.['MessageRetentionPeriod'], name).toBe(1_209_600)
  }
})

test('the queue of the watch function keeps messages for longer than its longest delay and one retry', () => {
  const { MessageRetentionPeriod, VisibilityTimeout } = resources['WatchQueue']?.Properties ?? {}
  expect(Number(MessageRetentionPeriod)).toBeGreaterThan(againSeconds + Number(VisibilityTimeout))
})

test('every function has a reserved concurrency, and an account with a quota of 1,000 keeps the 100 that AWS demands', () => {
  const functions = ofType('AWS::Lambda::Function')
  const reserved = new Map(
    functions.map(([id, { Properties }]) => [id, Number(Properties?.['ReservedConcurrentExecutions'])]),
  )
  expect([...reserved].filter(([, processes]) => !(processes > 0))).toEqual([])
  expect([...reserved.values()].reduce((sum, processes) => sum + processes, 0)).toBeLessThanOrEqual(900)
  // A queue that invokes more processes than its function may have would send messages to its dead-letter queue.
  const mappings = ofType('AWS::Lambda::EventSourceMapping')
  expect(mappings.length).toBeGreaterThan(3)
  for (const [id, { Properties }] of mappings) {
    const { FunctionName, ScalingConfig } = v.parse(Mapping, Properties)
    const own = reserved.get(FunctionName['Fn::GetAtt'][0] ?? '') ?? 0
    expect(ScalingConfig.MaximumConcurrency, id).toBeLessThanOrEqual(own)
  }
  const calls = JSON.stringify(resources['CallsLambdaFunction']?.Properties?.['Environment'])
  const [, waits] = /"WAITS_MAX":"?(\d+)/.exec(calls) ?? []
  expect(Number(waits)).toBeLessThanOrEqual((reserved.get('CallsLambdaFunction') ?? 0) / 2)
})
