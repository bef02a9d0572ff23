import { readFile } from 'node:fs/promises'
import {
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import * as v from 'valibot'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Deployment, deploy } from '../support/deployment.ts'

/**
 * Goal: the roles of the template allow what this test lists, and nothing else. Method: with the credentials of each role, each
 * kind of request is made for each kind of item of the table of keys, tickets and bridges.
 */
let deployment: Deployment
let template: v.InferOutput<typeof Template>
const Role = v.looseObject({ AssumeRolePolicyDocument: v.looseObject({ Statement: v.array(v.unknown()) }) })
const Template = v.looseObject({
  Resources: v.record(v.string(), v.looseObject({ Type: v.string(), Properties: v.optional(v.unknown()) })),
})
beforeAll(async () => {
  deployment = await deploy()
  const text = await readFile('.serverless/cloudformation-template-update-stack.json', 'utf8')
  template = v.parse(Template, JSON.parse(text))
})
afterAll(async () => deployment[Symbol.asyncDispose]())

const roles = () =>
  Object.entries(template.Resources)
    .filter(([, { Type }]) => Type === 'AWS::IAM::Role')
    .map(([id]) => id)

/** A key of each kind of item; the last one is of an unknown kind. */
const kinds = {
  site: 'SITES#1',
  key: 'KEY#0123456789abcdef',
  'key list': 'office#KEYS',
  ticket: `TK#${'0'.repeat(64)}`,
  bridge: 'office#BRIDGE',
  removal: 'REMOVALS',
  receipt: 'office#RCPT',
  stranger: 'office#OTHER',
}
type Act = 'get' | 'query' | 'put' | 'update' | 'delete' | 'scan'

function request(act: Act, pk: string) {
  const TableName = deployment.cloud.ref('AccessTable')
  const Key = { pk: { S: pk }, sk: { S: 'x' } }
  const byKey = { ExpressionAttributeNames: { '#p': 'pk' }, ExpressionAttributeValues: { ':p': { S: pk } } }
  const make = {
    get: () => new GetItemCommand({ TableName, Key }),
    query: () => new QueryCommand({ TableName, KeyConditionExpression: '#p = :p', ...byKey }),
    put: () => new PutItemCommand({ TableName, Item: Key }),
    update: () => new UpdateItemCommand({ TableName, Key }),
    delete: () => new DeleteItemCommand({ TableName, Key }),
    scan: () => new ScanCommand({ TableName }),
  }
  return make[act]()
}

/** Returns true if the role may make the request, false if AWS refuses it with AccessDenied. */
function may(client: DynamoDBClient, act: Act, pk: string): Promise<boolean> {
  // The SDK has one overload of `send` for each command.
  return isAllowed(client.send(request(act, pk) as GetItemCommand))
}

async function isAllowed(asked: Promise<unknown>): Promise<boolean> {
  try {
    await asked
    return true
  } catch (error) {
    if (error instanceof Error && error.name === 'AccessDeniedException') return false
    throw error
  }
}

test('for each kind of item of the access table, allows each role only the requests that its function makes', async () => {
  const allowed: Record<string, Record<string, string>> = {}
  for (const role of roles()) {
    const { region, endpoints, credentials } = deployment.cloud
    const client = new DynamoDBClient({ region, endpoint: endpoints.dynamodb, credentials: credentials(role) })
    for (const [kind, pk] of Object.entries(kinds)) {
      const acts = ['get', 'query', 'put', 'update', 'delete', 'scan'] as const
      const done = await Promise.all(acts.map((act) => may(client, act, pk)))
      const told = acts.filter((_, n) => done[n]).join(' ')
      if (told) allowed[role] = { ...allowed[role], [kind]: told }
    }
    client.destroy()
  }
  expect(allowed).toEqual({
    AuthorizeHttpRole: { key: 'get update' },
    AuthorizeSocketRole: { key: 'get', ticket: 'delete' },
    ConnectRole: { key: 'get' },
    TicketsRole: { ticket: 'put' },
    BoardsRole: { key: 'get update', ticket: 'put' },
    KeysRole: { site: 'get', key: 'get put update', 'key list': 'query put' },
    SitesRole: {
      site: 'get query put update',
      key: 'put delete',
      'key list': 'query put delete',
      bridge: 'query put delete',
    },
    BridgesRole: { site: 'get update', bridge: 'get query put update' },
    BridgeAuthRole: { site: 'get', bridge: 'get update' },
    PersistRecordsRole: { bridge: 'get', removal: 'update' },
    PushPresenceRole: { site: 'get', bridge: 'get' },
    PublishEventsRole: { key: 'get' },
    DeliverWebhooksRole: { key: 'get' },
    PlacedCallsRole: { site: 'get', key: 'get' },
    ExtensionsRole: { site: 'get', key: 'get' },
    VerificationsRole: { site: 'get' },
    VerifyDaysRole: { site: 'query' },
    RemovalsRole: {
      site: 'get update',
      key: 'delete',
      'key list': 'query delete',
      removal: 'get query put',
      receipt: 'get',
    },
    RemoveDataRole: {
      site: 'get update delete',
      key: 'get update delete',
      'key list': 'query delete',
      bridge: 'get query put delete',
      removal: 'get query update delete',
      receipt: 'put',
    },
  })
})

test('lets only Lambda assume the functions’ roles, and only the bridge function the bridges’ role', () => {
  for (const id of roles()) {
    const { AssumeRolePolicyDocument } = v.parse(Role, template.Resources[id]?.Properties)
    const trusted =
      id === 'BridgeRole'
        ? {
            Principal: { AWS: { 'Fn::GetAtt': ['BridgeAuthRole', 'Arn'] } },
            Action: ['sts:AssumeRole', 'sts:TagSession'],
          }
        : { Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }
    expect(AssumeRolePolicyDocument.Statement, id).toEqual([{ Effect: 'Allow', ...trusted }])
  }
})

test('only the functions that store call records, marks or webhooks may write to the tables of them', async () => {
  const writers: Record<string, string[]> = {}
  for (const role of roles().sort()) {
    const { region, endpoints, credentials, ref } = deployment.cloud
    const client = new DynamoDBClient({ region, endpoint: endpoints.dynamodb, credentials: credentials(role) })
    for (const table of ['RecordsTable', 'PeopleTable', 'WebhooksTable'] as const) {
      const [TableName, Key] = [ref(table), { pk: { S: 'office#x' }, sk: { S: 'x' } }]
      const puts = await isAllowed(client.send(new PutItemCommand({ TableName, Item: Key })))
      const updates = await isAllowed(client.send(new UpdateItemCommand({ TableName, Key })))
      if (puts || updates) writers[table] = [...(writers[table] ?? []), role]
    }
    client.destroy()
  }
  expect(writers).toEqual({
    RecordsTable: ['ImportsRole', 'PersistRecordsRole', 'RemoveDataRole', 'WatchRole'],
    PeopleTable: ['GradesRole'],
    WebhooksTable: ['DeliverWebhooksRole', 'PublishEventsRole', 'RemoveDataRole', 'WebhooksRole'],
  })
})

test('functions that need the numbers of phones query no other items of the live table', async () => {
  const { region, endpoints, credentials, ref } = deployment.cloud
  const queries = async (role: string, pk: string) => {
    const client = new DynamoDBClient({ region, endpoint: endpoints.dynamodb, credentials: credentials(role) })
    const query = { KeyConditionExpression: 'pk = :p', ExpressionAttributeValues: { ':p': { S: pk } } }
    const isQueried = await isAllowed(client.send(new QueryCommand({ TableName: ref('LiveTable'), ...query })))
    client.destroy()
    return isQueried
  }
  for (const name of ['Cdrs', 'PersistRecords', 'Exports', 'WriteExports', 'Imports', 'Stats']) {
    const asked = ['office#E', 'office#K', 'office#C', 'office#CE#1', 'office'].map((pk) => queries(`${name}Role`, pk))
    expect([name, ...(await Promise.all(asked))]).toEqual([name, true, false, false, false, false])
  }
})
