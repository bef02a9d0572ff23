import { fork } from 'node:child_process'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb'
import { numbering } from '../../functions/domain/phone-number.ts'
import { eventsOfFact } from '../../functions/domain/webhooks/call-events.ts'
import { WebhookPoster } from '../../functions/gateways/webhook-post.ts'
import { type DeliverDependencies, deliverAll } from '../../functions/queues/deliver-webhooks/deliver.ts'
import { withBatchedReads } from '../../functions/stores/batched-reads.ts'
import { CallOrderStore } from '../../functions/stores/call-order.ts'
import { DeliveryStore, newDelivery, nextTry } from '../../functions/stores/webhook-deliveries.ts'
import { TargetStore } from '../../functions/stores/webhook-targets.ts'
import { WebhookStore } from '../../functions/stores/webhooks.ts'
import { testDataKeys } from '../../test/support/data-keys.ts'
import { deploy } from '../../test/support/deployment.ts'
import { callFact } from '../../test/support/facts.ts'
import { reader } from '../../test/support/webhook-world.ts'
import { median } from '../figure.ts'

const site = 'bench'
const webhooks = 40
const batchSize = 10
const eventsEach = 10
const rounds = 7
const warmUps = 2

/**
 * Deliveries a second of one instance, with a receiver that answers at once, beside bare posts over kept connections with one
 * conditional write for each, in the same batches of ten.
 */
export async function deliveriesPerSecond(): Promise<{ delivered: number; bare: number }> {
  await using deployment = await deploy()
  await using parts = new AsyncDisposableStack()
  const receiver = fork(fileURLToPath(import.meta.url), ['serve'])
  parts.defer(() => receiver.disconnect())
  const [port] = await once(receiver, 'message')
  const { cloud } = deployment
  const client = new DynamoDBClient({
    region: cloud.region,
    endpoint: cloud.endpoints.dynamodb,
    credentials: cloud.credentials('operator'),
  })
  parts.defer(() => client.destroy())
  const single = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } })
  const db = withBatchedReads(single)
  const table = cloud.ref('WebhooksTable')
  const deliveries = new DeliveryStore(db, table)
  const store = new WebhookStore(db, table, testDataKeys)
  const poster = new WebhookPoster({ allowsLocal: true })
  const dependencies: DeliverDependencies = {
    deliveries,
    webhooks: store,
    order: new CallOrderStore(db, table),
    targets: new TargetStore(db, table),
    queue: {
      send: async () => {
        throw new Error('a delivery had to wait')
      },
    },
    post: (request) => poster.post(request),
    readerOf: async () => reader,
    rules: { ownHosts: [], allowsLocal: true },
    now: Date.now,
    random: Math.random,
  }
  for (let n = 0; n < webhooks; n += 1) {
    await store.create(site, {
      id: `wh_${n}`,
      key: 'k',
      url: `http://127.0.0.1:${port}/${n}`,
      types: ['*'],
      format: 'standard',
      perSecond: 100,
      contentType: 'application/json',
      secret: 'whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX',
      enabled: true,
      createdAt: Date.now(),
      tag: 'first',
      request: '',
    })
  }
  const agent = new http.Agent({ keepAlive: true, maxSockets: batchSize })
  parts.defer(() => agent.destroy())
  const taken = { delivered: [] as number[], bare: [] as number[] }
  let calls = 0
  for (let round = 0; round < rounds + warmUps; round += 1) {
    const messages: ReturnType<typeof nextTry>[] = []
    const rows: Record<string, unknown>[] = []
    for (let n = 0; n < eventsEach; n += 1) {
      calls += 1
      const [event] = eventsOfFact(
        site,
        callFact(site, [1_795_460_000, calls], `1.${calls}`, 'dialling'),
        numbering('FR'),
      )
      if (!event) throw new Error('the call made no event')
      await deliveries.putEvent(site, event, Date.now())
      for (let webhook = 0; webhook < webhooks; webhook += 1) {
        const row = newDelivery(`wh_${webhook}`, event, 'pending', Date.now())
        await deliveries.create(site, row)
        messages.push(nextTry(site, row))
        rows.push({ ...row, pk: 'bare', sk: `${round}-${webhook}-${n}` })
      }
    }
    const run = async (what: keyof typeof taken, batch: (at: number) => Promise<unknown>) => {
      const started = performance.now()
      for (let at = 0; at < messages.length; at += batchSize) await batch(at)
      if (round >= warmUps) taken[what].push((messages.length * 1000) / (performance.now() - started))
    }
    await run('bare', (at) =>
      Promise.all(
        rows.slice(at, at + batchSize).map(async (row) => {
          await barePost(port, agent, JSON.stringify(row))
          await db.send(
            new PutCommand({ TableName: table, Item: row, ConditionExpression: 'attribute_not_exists(pk)' }),
          )
        }),
      ),
    )
    await run('delivered', async (at) => {
      const failed = await deliverAll(messages.slice(at, at + batchSize), dependencies)
      if (failed.length > 0) throw new Error(`${failed.length} deliveries failed`)
    })
  }
  return { delivered: median(taken.delivered), bare: median(taken.bare) }
}

function barePost(port: number, agent: http.Agent, body: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = http.request({ port, host: '127.0.0.1', method: 'POST', path: '/', agent }, (response) => {
      response.resume().on('end', resolve)
    })
    request.on('error', reject)
    request.end(body)
  })
}

if (process.argv[2] === 'serve') {
  const server = http.createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(204).end())
  })
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
  process.on('disconnect', () => process.exit())
}
