import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb'
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { LocalCloud } from '../../infra/local/local-cloud.ts'
import { queues, tables } from './local-fixture/notes.ts'
import { ask, changedFixture, packagedFixture, patiently, runFixture } from './local-fixture/packaged-fixture.ts'

let dataFolder: string
beforeEach(async () => {
  dataFolder = await mkdtemp(join(tmpdir(), 'local-cloud-'))
})
afterEach(() => rm(dataFolder, { recursive: true }))

const Key = { pk: { S: 'kept' }, sk: { S: '1' } }
const item = async (cloud: LocalCloud) =>
  (await tables(cloud).send(new GetItemCommand({ TableName: 'fixture-notes', Key }))).Item
const receive = async (cloud: LocalCloud, queueUrl: string) =>
  (await queues(cloud).send(new ReceiveMessageCommand({ QueueUrl: queueUrl, WaitTimeSeconds: 2 }))).Messages?.[0]

test('keeps tables, queues, messages, secrets and credentials over a restart', async () => {
  const ports: { aws: number }[] = []
  const keys: string[] = []
  {
    await using first = await runFixture({ dataFolder })
    await tables(first.cloud).send(new PutItemCommand({ TableName: 'fixture-notes', Item: Key }))
    const { QueueUrl } = await queues(first.cloud).send(new CreateQueueCommand({ QueueName: 'fixture-site-1' }))
    await queues(first.cloud).send(new SendMessageCommand({ QueueUrl, MessageBody: 'kept' }))
    await first.cloud.putSecret('/fixture/secret', 'kept')
    ports.push({ aws: Number(new URL(first.cloud.endpoints.sqs).port) })
    keys.push(first.cloud.credentials('BridgeRole').accessKeyId)
  }
  await using second = await runFixture({ dataFolder, ...(ports[0] ? { ports: ports[0] } : {}) })
  expect(await item(second.cloud)).toEqual(Key)
  const queueUrl = `http://127.0.0.1:${ports[0]?.aws}/000000000000/fixture-site-1`
  expect((await receive(second.cloud, queueUrl))?.Body).toBe('kept')
  const secret = await ask(second.cloud, 'act', { act: 'secret', name: '/fixture/secret' })
  expect(secret.ok.Parameter.Value).toBe('kept')
  expect(second.cloud.credentials('BridgeRole').accessKeyId).toBe(keys[0])
})

test('the local cloud keeps every write that it has answered, even if it is killed with SIGKILL', async () => {
  // Goal: no acknowledged write is lost. Method: kill a local cloud in another process right after the last of 50 answers.
  const script = fileURLToPath(new URL('local-fixture/runner.ts', import.meta.url))
  const env = { ...process.env, PACKAGE_FOLDER: await packagedFixture() }
  const runner = spawn(process.execPath, [script, dataFolder], { stdio: ['ignore', 'pipe', 'inherit'], env })
  const [line] = await once(runner.stdout, 'data')
  const { url, operator, region } = JSON.parse(String(line))
  const outside = {
    endpoints: { dynamodb: url, sqs: url, ssm: url },
    region,
    credentials: () => operator,
  } as unknown as LocalCloud
  const QueueUrl = `${url}/000000000000/fixture-foreign`
  await tables(outside).send(new PutItemCommand({ TableName: 'fixture-notes', Item: Key }))
  for (let n = 0; n < 50; n++) await queues(outside).send(new SendMessageCommand({ QueueUrl, MessageBody: String(n) }))
  runner.kill('SIGKILL')
  await once(runner, 'exit')
  await using again = await runFixture({ dataFolder })
  expect(await item(again.cloud)).toEqual(Key)
  const bodies = new Set<string | undefined>()
  for (let n = 0; n < 50; n++) bodies.add((await receive(again.cloud, again.cloud.ref('ForeignQueue')))?.Body)
  expect(bodies).toEqual(new Set(Array.from({ length: 50 }, (_, n) => String(n))))
})

test('redelivers a message at once if its visibility time-out is set to 0', async () => {
  await using fixture = await runFixture({ dataFolder })
  const QueueUrl = fixture.cloud.ref('ForeignQueue')
  await queues(fixture.cloud).send(new SendMessageCommand({ QueueUrl, MessageBody: 'again' }))
  const first = await receive(fixture.cloud, QueueUrl)
  const change = { QueueUrl, ReceiptHandle: first?.ReceiptHandle, VisibilityTimeout: 0 }
  await queues(fixture.cloud).send(new ChangeMessageVisibilityCommand(change))
  expect((await receive(fixture.cloud, QueueUrl))?.MessageId).toBe(first?.MessageId)
})

test('if a new template changes an attribute of a queue, applies it to the existing queue', async () => {
  await (await runFixture({ dataFolder })).cloud.stop()
  await using changed = await changedFixture(({ PlainQueue: queue }) => {
    if (queue) queue.Properties.VisibilityTimeout = 77
  })
  await using fixture = await runFixture({ dataFolder, packageFolder: changed.packageFolder })
  const { GetQueueAttributesCommand } = await import('@aws-sdk/client-sqs')
  const QueueUrl = fixture.cloud.ref('PlainQueue')
  const { Attributes } = await queues(fixture.cloud).send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['VisibilityTimeout'] }),
  )
  expect(Attributes).toEqual({ VisibilityTimeout: '77' })
})

test('deletes only items whose time to live has passed', async () => {
  // The sweep of each minute runs each 50 ms on this clock.
  await using fixture = await runFixture({ dataFolder, clockScale: 1200 })
  const client = tables(fixture.cloud)
  const now = Math.floor(Date.now() / 1000)
  const items = { past: { N: String(now - 10) }, future: { N: String(now + 3600) }, text: { S: String(now - 10) } }
  for (const [sk, expires] of Object.entries(items)) {
    await client.send(
      new PutItemCommand({ TableName: 'fixture-notes', Item: { pk: { S: 'ttl' }, sk: { S: sk }, expires } }),
    )
  }
  const there = async (sk: string) =>
    (await client.send(new GetItemCommand({ TableName: 'fixture-notes', Key: { pk: { S: 'ttl' }, sk: { S: sk } } })))
      .Item !== undefined
  await expect.poll(() => there('past'), patiently).toBe(false)
  expect(await Promise.all(['future', 'text'].map(there))).toEqual([true, true])
})

test('the local cloud listens on loopback only', async () => {
  await using fixture = await runFixture({ dataFolder })
  const { execFileSync } = await import('node:child_process')
  const sockets = execFileSync('cat', ['/proc/net/tcp', '/proc/net/tcp6'], { encoding: 'utf8' })
  const inodes = execFileSync('sh', ['-c', `ls -l /proc/${process.pid}/fd`], { encoding: 'utf8' })
  const own = sockets
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , state, , , , , , inode]) => state === '0A' && inodes.includes(`socket:[${inode}]`))
    .map(([, local]) => local?.split(':')[0])
  expect(own.length).toBeGreaterThanOrEqual(3)
  expect(new Set(own)).toEqual(new Set(['0100007F']))
  expect(new URL(fixture.cloud.httpUrl).hostname).toBe('127.0.0.1')
})
