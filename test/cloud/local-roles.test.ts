import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { DescribeTableCommand, ListTablesCommand, PutItemCommand } from '@aws-sdk/client-dynamodb'
import {
  CreateQueueCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs'
import { GetParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { evaluate, type Statement } from '../../infra/local/access/policy.ts'
import { queues, tables } from './local-fixture/notes.ts'
import { ask, type RunningFixture, runFixture } from './local-fixture/packaged-fixture.ts'

let fixture: RunningFixture
beforeAll(async () => {
  fixture = await runFixture()
})
afterAll(() => fixture[Symbol.asyncDispose]())
const act = (event: Record<string, unknown>) => ask(fixture.cloud, 'act', event)

const leading = (...keys: string[]) => ({ 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': keys } })
const allow = (more: Partial<Statement>): Statement => ({ Effect: 'Allow', Condition: {}, ...more })
const table = 'arn:aws:dynamodb:eu-west-1:000000000000:table/notes'
test.each([
  ['the action and the resource', [allow({ Action: ['dynamodb:PutItem'], Resource: [table] })], 'allowed'],
  ['the action in another letter case', [allow({ Action: ['DynamoDB:putitem'], Resource: [table] })], 'allowed'],
  ['wildcards', [allow({ Action: ['dynamodb:Put*'], Resource: ['arn:aws:dynamodb:*:*:table/note?'] })], 'allowed'],
  ['another resource', [allow({ Action: ['dynamodb:*'], Resource: [`${table}s`] })], 'not allowed'],
  ['an index of the table', [allow({ Action: ['dynamodb:*'], Resource: [`${table}/index/*`] })], 'not allowed'],
  ['another action', [allow({ Action: ['dynamodb:GetItem'], Resource: ['*'] })], 'not allowed'],
  ['all but this action', [allow({ NotAction: ['dynamodb:PutItem'], Resource: ['*'] })], 'not allowed'],
  ['all but another action', [allow({ NotAction: ['dynamodb:Scan'], NotResource: ['x'] })], 'allowed'],
  [
    'the action in an allow and a deny',
    [allow({ Action: ['*'], Resource: ['*'] }), allow({ Effect: 'Deny', Action: ['*'], Resource: [table] })],
    'explicitly denied',
  ],
  [
    'a session tag of the caller',
    [allow({ Action: ['*'], Resource: ['*'], Condition: { StringEquals: { 'aws:PrincipalTag/site': ['lab'] } } })],
    'allowed',
  ],
  [
    'another value of a session tag',
    [allow({ Action: ['*'], Resource: ['*'], Condition: { StringLike: { 'aws:PrincipalTag/site': ['x*'] } } })],
    'not allowed',
  ],
  [
    'the partition of the request',
    [allow({ Action: ['*'], Resource: ['*'], Condition: leading('TK#*', 'KEY#*') })],
    'allowed',
  ],
  ['another partition', [allow({ Action: ['*'], Resource: ['*'], Condition: leading('TK#*') })], 'not allowed'],
  ['no statement', [], 'not allowed'],
])('allows or denies a request as IAM does under a policy that names %s', (_name, statements, verdict) => {
  const wanted = { action: 'dynamodb:PutItem', resource: table, leadingKeys: ['KEY#1'] }
  expect(evaluate(statements, wanted, { site: 'lab' })).toBe(verdict)
})

test('allows a function the requests that its role allows, and rejects others with the error of the called service', async () => {
  const queueUrl = fixture.cloud.ref('WorkQueue')
  expect(await act({ act: 'put', pk: 'a', sk: 'b' })).toHaveProperty('ok')
  expect(await act({ act: 'query', pk: 'a' })).toMatchObject({
    error: 'AccessDeniedException',
    status: 400,
    message: expect.stringMatching(
      /^User: arn:aws:sts::000000000000:assumed-role\/fixture-test-ActRole\/fixture-test-act is not authorized to perform: dynamodb:Query on resource: arn:aws:dynamodb:eu-west-1:000000000000:table\/fixture-notes because no identity-based policy allows/,
    ),
  })
  expect(await act({ act: 'send', queueUrl, body: '{}' })).toHaveProperty('ok')
  expect(await act({ act: 'send', queueUrl: fixture.cloud.ref('ForeignQueue'), body: '{}' })).toMatchObject({
    error: 'AccessDenied',
    status: 403,
  })
  expect(await act({ act: 'purge', queueUrl })).toMatchObject({
    error: 'AccessDenied',
    message: expect.stringMatching(/explicit deny/),
  })
  expect(await act({ act: 'createQueue', name: 'fixture-site-7' })).toMatchObject({
    ok: { QueueUrl: `${fixture.cloud.endpoints.sqs}/000000000000/fixture-site-7` },
  })
  expect(await act({ act: 'createQueue', name: 'fixture-other' })).toMatchObject({ error: 'AccessDenied' })
  expect(fixture.events.filter(({ event }) => event === 'request-denied').length).toBeGreaterThanOrEqual(4)
})

test('rejects an access key that the local cloud did not issue', async () => {
  const stranger = {
    ...fixture.cloud,
    credentials: () => ({ accessKeyId: 'AKIASTRANGER', secretAccessKey: 'x', sessionToken: 'x' }),
  }
  await expect(tables(stranger).send(new ListTablesCommand({}))).rejects.toMatchObject({
    name: 'UnrecognizedClientException',
  })
  const send = new SendMessageCommand({ QueueUrl: fixture.cloud.ref('WorkQueue'), MessageBody: 'x' })
  await expect(queues(stranger).send(send)).rejects.toMatchObject({ name: 'InvalidClientTokenId' })
})

test('issues credentials of a role for use outside of functions, restricted by session tags', async () => {
  const operator = queues(fixture.cloud)
  for (const QueueName of ['fixture-site-1', 'fixture-site-2'])
    await operator.send(new CreateQueueCommand({ QueueName }))
  const urlOf = (name: string) => `${fixture.cloud.endpoints.sqs}/000000000000/${name}`
  const bridge = queues(fixture.cloud, 'BridgeRole', { queue: '1' })
  await bridge.send(new ReceiveMessageCommand({ QueueUrl: urlOf('fixture-site-1') }))
  await expect(bridge.send(new ReceiveMessageCommand({ QueueUrl: urlOf('fixture-site-2') }))).rejects.toMatchObject({
    name: 'AccessDenied',
  })
  const Entries = [{ Id: '0', MessageBody: '{}' }]
  // A batch needs the permission for one message.
  await bridge.send(new SendMessageBatchCommand({ QueueUrl: fixture.cloud.ref('WorkQueue'), Entries }))
  const untagged = queues(fixture.cloud, 'BridgeRole')
  await expect(untagged.send(new ReceiveMessageCommand({ QueueUrl: urlOf('fixture-site-1') }))).rejects.toMatchObject({
    name: 'AccessDenied',
  })
  await expect(
    tables(fixture.cloud, 'BridgeRole').send(new DescribeTableCommand({ TableName: 'fixture-notes' })),
  ).rejects.toMatchObject({
    name: 'AccessDeniedException',
  })
  expect(() => fixture.cloud.credentials('NobodyRole')).toThrow(/no role NobodyRole/)
})

test('allows every request with the credentials of the operator', async () => {
  const Item = { pk: { S: 'operator' }, sk: { S: '1' } }
  await tables(fixture.cloud).send(new PutItemCommand({ TableName: 'fixture-notes', Item }))
  const { TableNames } = await tables(fixture.cloud).send(new ListTablesCommand({}))
  expect(TableNames).toContain('fixture-notes')
})

test('stores secrets in a file of mode 0600 and returns them to a role that may read them', async () => {
  const name = '/fixture/secret'
  expect(await act({ act: 'secret', name })).toMatchObject({ error: 'ParameterNotFound', status: 400 })
  const { endpoints, region } = fixture.cloud
  const ssm = new SSMClient({ endpoint: endpoints.ssm, region, credentials: fixture.cloud.credentials('operator') })
  await ssm.send(new PutParameterCommand({ Name: name, Value: 'first', Type: 'SecureString' }))
  const again = new PutParameterCommand({ Name: name, Value: 'second', Type: 'SecureString' })
  await expect(ssm.send(again)).rejects.toMatchObject({ name: 'ParameterAlreadyExists' })
  await fixture.cloud.putSecret(name, 'second')
  expect(await act({ act: 'secret', name })).toMatchObject({
    ok: { Parameter: { Name: name, Value: 'second', Type: 'SecureString', Version: 2 } },
  })
  const { Parameter } = await ssm.send(new GetParameterCommand({ Name: name }))
  expect(Parameter?.Value).not.toContain('second')
  expect(await act({ act: 'secret', name: '/fixture/other' })).toMatchObject({ error: 'AccessDeniedException' })
  for (const file of ['secrets.json', 'access.key']) {
    expect((await stat(join(fixture.dataFolder, file))).mode & 0o777).toBe(0o600)
  }
  expect((await stat(fixture.dataFolder)).mode & 0o777).toBe(0o700)
})

test('answers UnknownOperationException for an unsupported service, and QueueDoesNotExist for an unknown queue', async () => {
  const { endpoints, region } = fixture.cloud
  const response = await fetch(endpoints.sqs, {
    method: 'POST',
    headers: { 'x-amz-target': 'Kinesis_20131202.PutRecord' },
    body: '{}',
  })
  expect([response.status, response.headers.get('x-amzn-errortype')]).toEqual([400, 'UnknownOperationException'])
  const broken = new SQSClient({
    endpoint: endpoints.sqs,
    region,
    credentials: fixture.cloud.credentials('operator'),
    maxAttempts: 1,
  })
  const missing = new SendMessageCommand({ QueueUrl: `${endpoints.sqs}/000000000000/nobody`, MessageBody: 'x' })
  await expect(broken.send(missing)).rejects.toMatchObject({ name: 'QueueDoesNotExist' })
})
