import * as v from 'valibot'
import type { Permission } from '../access/policy.ts'
import { account } from '../template/names.ts'
import { leadingKeys } from './leading-keys.ts'

export type ServiceName = 'dynamodb' | 'sqs' | 'ssm' | 'events'

/** A parsed request to DynamoDB, SQS, SSM or EventBridge. */
export interface ServiceCall {
  service: ServiceName
  /** For example `PutItem`. */
  action: string
  /** The caller's role must allow all of them. */
  permissions: Permission[]
  input: Readonly<Record<string, unknown>>
}

const prefixes: Readonly<Record<string, ServiceName>> = {
  DynamoDB_20120810: 'dynamodb',
  AmazonSQS: 'sqs',
  AmazonSSM: 'ssm',
  AWSEvents: 'events',
}
const Input = v.record(v.string(), v.unknown())
const Tables = v.record(v.string(), v.unknown())
const Transact = v.array(v.record(v.string(), v.looseObject({ TableName: v.string() })))

/** IAM authorizes a batch by the action for one message ("Actions, resources, and condition keys for Amazon SQS"). */
const sqsActions: Readonly<Record<string, string>> = {
  SendMessageBatch: 'SendMessage',
  DeleteMessageBatch: 'DeleteMessage',
  ChangeMessageVisibilityBatch: 'ChangeMessageVisibility',
}

/** Parses a request of the AWS JSON protocol; `target` is its X-Amz-Target. Returns undefined for an unsupported service. */
export function readServiceCall(
  target: string,
  body: Buffer,
  region: string,
  hashKeys: ReadonlyMap<string, string>,
): ServiceCall | undefined {
  const dot = target.lastIndexOf('.')
  const service = prefixes[target.slice(0, dot)]
  if (!service) return undefined
  const action = target.slice(dot + 1)
  const input = v.parse(Input, JSON.parse(body.toString() || '{}'))
  const arnsOf = { dynamodb: tableArns, sqs: queueArns, ssm: parameterArns, events: busArns }
  const resources = arnsOf[service](action, input, region)
  const keysAt = (resource: string) => (service === 'dynamodb' ? keysOf(resource, input, hashKeys) : undefined)
  const name = `${service}:${service === 'sqs' ? (sqsActions[action] ?? action) : action}`
  return {
    service,
    action,
    input,
    permissions: resources.map((resource) => ({ action: name, resource, leadingKeys: keysAt(resource) })),
  }
}

function tableArns(_action: string, input: Readonly<Record<string, unknown>>, region: string): string[] {
  const { TableName, IndexName, RequestItems, TransactItems } = input
  // A request may also name a table by its ARN.
  const arn = (name: string) => (name.startsWith('arn:') ? name : `arn:aws:dynamodb:${region}:${account}:table/${name}`)
  if (v.is(Tables, RequestItems)) return Object.keys(RequestItems).map(arn)
  if (v.is(Transact, TransactItems))
    return TransactItems.flatMap((item) => Object.values(item)).map(({ TableName }) => arn(TableName))
  if (typeof TableName !== 'string') return ['*']
  return [typeof IndexName === 'string' ? `${arn(TableName)}/index/${IndexName}` : arn(TableName)]
}

function keysOf(
  resource: string,
  input: Readonly<Record<string, unknown>>,
  hashKeys: ReadonlyMap<string, string>,
): string[] | undefined {
  const table = resource.split('/')[1] ?? ''
  const batch = v.is(Tables, input['RequestItems']) ? input['RequestItems'] : undefined
  const hashKey = hashKeys.get(table)
  return hashKey === undefined ? undefined : leadingKeys(batch ? (batch[table] ?? batch[resource]) : input, hashKey)
}

function queueArns(_action: string, input: Readonly<Record<string, unknown>>, region: string): string[] {
  const { QueueUrl, QueueName } = input
  const name = typeof QueueUrl === 'string' ? QueueUrl.slice(QueueUrl.lastIndexOf('/') + 1) : QueueName
  return [typeof name === 'string' ? `arn:aws:sqs:${region}:${account}:${name}` : '*']
}

function parameterArns(_action: string, input: Readonly<Record<string, unknown>>, region: string): string[] {
  const { Name, Names } = input
  const names = v.is(v.array(v.string()), Names) ? Names : [Name]
  return names.map((name) =>
    typeof name === 'string' ? `arn:aws:ssm:${region}:${account}:parameter/${name.replace(/^\//, '')}` : '*',
  )
}

/** One permission for each bus that the entries name. */
function busArns(_action: string, input: Readonly<Record<string, unknown>>, region: string): string[] {
  const { Entries } = input
  const entries = v.is(v.array(v.looseObject({ EventBusName: v.optional(v.string()) })), Entries) ? Entries : []
  const names = new Set(entries.map(({ EventBusName = 'default' }) => EventBusName))
  const arn = (name: string) =>
    name.startsWith('arn:') ? name : `arn:aws:events:${region}:${account}:event-bus/${name}`
  return names.size > 0 ? [...names].map(arn) : ['*']
}
