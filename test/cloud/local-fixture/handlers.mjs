// The functions of the fixture. Each tests one row of the table in docs/local-cloud.md. packaged-fixture.ts bundles them with the
// AWS SDK.
import { writeFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import {
  ApiGatewayManagementApiClient,
  DeleteConnectionCommand,
  GetConnectionCommand,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi'
import { DynamoDBClient, GetItemCommand, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb'
import { CreateQueueCommand, PurgeQueueCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm'

const dynamodb = new DynamoDBClient({ maxAttempts: 1 })
const sqs = new SQSClient({ maxAttempts: 1 })
const ssm = new SSMClient({ maxAttempts: 1 })
const sockets = new ApiGatewayManagementApiClient({
  maxAttempts: 1,
  endpoint: `${(process.env.SOCKET_ENDPOINT ?? 'ws://absent').replace(/^ws/, 'http')}/test`,
})

const note = (pk, sk, text) =>
  dynamodb.send(
    new PutItemCommand({ TableName: process.env.TABLE, Item: { pk: { S: pk }, sk: { S: sk }, text: { S: text } } }),
  )

/** Returns its event, or the response that the query string asks for. */
export async function echo(event) {
  const { answer } = event.queryStringParameters ?? {}
  if (answer) return JSON.parse(answer)
  if (event.environment) return { environment: process.env, versions: process.versions, cwd: process.cwd() }
  if (event.pid) return process.pid
  if (event.throw) throw new TypeError(event.throw)
  if (event.exit) process.exit(Number(event.exit))
  if (event.large) return 'x'.repeat(event.large)
  return { statusCode: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(event) }
}

export async function authorizeHttp(event) {
  const key = event.headers.authorization
  console.log(`authorizing ${key}`)
  if (key === 'break') throw new Error('broken')
  return {
    isAuthorized: key.startsWith('good'),
    context: { key, asked: Date.now(), nested: { deep: 1 }, identity: event.identitySource },
  }
}

export async function authorizeSocket(event) {
  const { ticket } = event.queryStringParameters
  if (ticket === 'break') throw new Error('broken')
  const Statement = [
    { Action: 'execute-api:Invoke', Effect: ticket.startsWith('good') ? 'Allow' : 'Deny', Resource: event.methodArn },
  ]
  return {
    principalId: ticket,
    policyDocument: { Version: '2012-10-17', Statement },
    context: { site: 'lab', level: 3 },
  }
}

const acts = {
  put: ({ pk, sk }) => note(pk, sk, 'put'),
  get: ({ pk, sk }) =>
    dynamodb.send(new GetItemCommand({ TableName: process.env.TABLE, Key: { pk: { S: pk }, sk: { S: sk } } })),
  query: ({ pk }) =>
    dynamodb.send(
      new QueryCommand({
        TableName: process.env.TABLE,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': { S: pk } },
      }),
    ),
  send: ({ queueUrl, body }) => sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: body })),
  purge: ({ queueUrl }) => sqs.send(new PurgeQueueCommand({ QueueUrl: queueUrl })),
  createQueue: ({ name }) => sqs.send(new CreateQueueCommand({ QueueName: name })),
  secret: ({ name }) => ssm.send(new GetParameterCommand({ Name: name, WithDecryption: true })),
  post: ({ id, data }) => sockets.send(new PostToConnectionCommand({ ConnectionId: id, Data: data })),
  describe: ({ id }) => sockets.send(new GetConnectionCommand({ ConnectionId: id })),
  disconnect: ({ id }) => sockets.send(new DeleteConnectionCommand({ ConnectionId: id })),
}

/** Sends one request to AWS and returns the result or the error of the SDK. */
export async function act(event) {
  try {
    return { ok: await acts[event.act](event) }
  } catch (error) {
    return { error: error.name, status: error.$metadata?.httpStatusCode, message: error.message }
  }
}

export async function slow(event) {
  await delay(event.ms ?? 5000)
  return 'late'
}

/** Starts a timer that writes a file after the answer. */
export async function frozen({ path, ms, wait }) {
  if (wait) await delay(wait)
  else setTimeout(() => writeFileSync(path, 'thawed'), ms)
  return process.pid
}

/** Stores each record; its body says how the invocation ends. */
export async function consume({ Records }) {
  await Promise.all(
    Records.map((record) =>
      note('record', record.messageId, JSON.stringify({ ...record, body: record.body.slice(0, 1000) })),
    ),
  )
  await note('batch', Records[0].messageId, String(Records.length))
  const bodies = Records.map(({ messageId, body }) => ({ messageId, ...JSON.parse(body) }))
  const [{ sleep = 0 }] = bodies
  if (sleep > 0) {
    const startedAt = Date.now()
    await delay(sleep)
    await note('slept', Records[0].messageId, JSON.stringify([startedAt, Date.now()]))
  }
  if (bodies.some((body) => body.throw)) throw new Error('thrown')
  if (bodies.some((body) => body.unknown)) return { batchItemFailures: [{ itemIdentifier: 'nobody' }] }
  if (bodies.some((body) => body.malformed)) return { batchItemFailures: [{ identifier: 'x' }] }
  return {
    batchItemFailures: bodies.filter((body) => body.fail).map(({ messageId }) => ({ itemIdentifier: messageId })),
  }
}

export async function socket(event) {
  const { routeKey, connectionId, eventType } = event.requestContext
  await note('socket', `${connectionId}#${routeKey}#${(event.body ?? '').slice(0, 60)}`, JSON.stringify(event))
  if (eventType === 'CONNECT') return connect(event)
  if (routeKey === 'fail') throw new Error('failed')
  if (routeKey === 'ask') return { statusCode: 200, body: JSON.stringify({ answer: JSON.parse(event.body).question }) }
  return { statusCode: 200 }
}

async function connect({ requestContext: { connectionId }, queryStringParameters: { refuse, early, protocol } }) {
  if (early) {
    const sent = await act({ act: 'post', id: connectionId, data: 'early' })
    await note('early', connectionId, JSON.stringify(sent))
  }
  if (refuse) return { statusCode: Number(refuse) }
  return { statusCode: 200, ...(protocol ? { headers: { 'Sec-WebSocket-Protocol': protocol } } : {}) }
}

export async function tick(event) {
  await note('tick', String(Date.now()), JSON.stringify(event))
}
