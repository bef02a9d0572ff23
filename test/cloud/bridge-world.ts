import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateQueueCommand, DeleteMessageBatchCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { buildApp } from 'fauxqs'
import * as v from 'valibot'
import { type BridgeConfig, BridgeConfig as Config } from '../../bridge/config.ts'
import { BridgeEvent } from '../../contracts/events.ts'
import { openBody } from '../../contracts/packed-body.ts'
import { type Replay, startReplay } from '../../infra/replay/replay.ts'

export const site = 'test-site'
export const password = 'a-secret-of-the-test'

/** Pause between two looks at the queues, which take some milliseconds of processor time; it grows while no message comes. */
const pollMs = { least: 25, most: 200, factor: 1.4 }

/** An SQS emulator on loopback, with the queues of one bridge. */
export async function startQueues(): Promise<Queues> {
  const app = buildApp({ logger: false })
  const endpoint = await app.listen({ port: 0, host: '127.0.0.1' })
  process.env['AWS_ENDPOINT_URL_SQS'] = endpoint
  process.env['AWS_ACCESS_KEY_ID'] = 'test'
  process.env['AWS_SECRET_ACCESS_KEY'] = 'test'
  const client = new SQSClient({ region: 'eu-west-3', endpoint })
  const url = (name: string) => `${endpoint}/000000000000/${name}`
  for (const name of ['live', 'records', 'commands']) await client.send(new CreateQueueCommand({ QueueName: name }))
  return new Queues(endpoint, client, { live: url('live'), records: url('records'), commands: url('commands') }, () =>
    app.close(),
  )
}

export class Queues {
  readonly endpoint: string
  readonly urls: { live: string; records: string; commands: string }
  readonly #client: SQSClient
  readonly #close: () => Promise<unknown>
  /** Every event received so far, in the order of arrival, with its lane. */
  readonly events: { lane: string; event: BridgeEvent; line: string }[] = []
  messages = 0

  constructor(endpoint: string, client: SQSClient, urls: Queues['urls'], close: () => Promise<unknown>) {
    this.endpoint = endpoint
    this.#client = client
    this.urls = urls
    this.#close = close
  }

  /** Receives everything in both queues and opens each body with the bridge's public key. */
  async collect(publicKey: KeyObject): Promise<void> {
    for (const QueueUrl of [this.urls.live, this.urls.records]) {
      for (;;) {
        const receive = new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 0 })
        const { Messages = [] } = await this.#client.send(receive)
        if (Messages.length === 0) break
        for (const { Body = '' } of Messages) {
          const { lane, lines } = await openBody(Body, async () => publicKey)
          this.messages += 1
          for (const line of lines) this.events.push({ lane, line, event: v.parse(BridgeEvent, JSON.parse(line)) })
        }
        const Entries = Messages.map(({ MessageId, ReceiptHandle }) => ({ Id: MessageId, ReceiptHandle }))
        await this.#client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }))
      }
    }
  }

  of<T extends BridgeEvent['type']>(type: T): Extract<BridgeEvent, { type: T }>[] {
    return this.events.flatMap(({ event }) => (event.type === type ? [event as Extract<BridgeEvent, { type: T }>] : []))
  }

  async stop(): Promise<void> {
    this.#client.destroy()
    await this.#close()
  }
}

/** A folder with a key, an SQS emulator, a simulated Asterisk, and a bridge configuration for them. */
export class World implements AsyncDisposable {
  readonly folder: string
  readonly queues: Queues
  readonly replay: Replay
  readonly publicKey: KeyObject

  private constructor(folder: string, queues: Queues, replay: Replay, publicKey: KeyObject) {
    this.folder = folder
    this.queues = queues
    this.replay = replay
    this.publicKey = publicKey
  }

  static async start({ speed = 20 } = {}): Promise<World> {
    const folder = await mkdtemp(join(tmpdir(), 'switchhook-bridge-'))
    const { privateKey, publicKey } = generateKeyPairSync('ed25519')
    const keyFile = join(folder, 'bridge.key')
    await writeFile(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }))
    await chmod(keyFile, 0o600)
    const queues = await startQueues()
    const replay = await startReplay({ folder: join(folder, 'pbx'), recordings: [], speed, user: 'bridge', password })
    return new World(folder, queues, replay, publicKey)
  }

  config(overrides: Record<string, unknown> = {}): BridgeConfig {
    return v.parse(Config, this.configJson(overrides))
  }

  configJson(overrides: Record<string, unknown> = {}): Record<string, unknown> {
    return {
      site,
      region: 'eu-west-3',
      stateFolder: join(this.folder, 'state'),
      ari: { url: this.replay.ariUrl, user: 'bridge', password },
      cdr: { file: this.replay.cdrFile },
      queues: this.queues.urls,
      key: { id: 'k1', privateKeyFile: join(this.folder, 'bridge.key') },
      ...overrides,
    }
  }

  async configFile(overrides: Record<string, unknown> = {}, name = 'bridge.json'): Promise<string> {
    const file = join(this.folder, name)
    await writeFile(file, JSON.stringify(this.configJson(overrides)))
    return file
  }

  /** Receives until the condition is true; throws after `msMax`. */
  async until(what: string, condition: () => boolean, msMax = 120_000): Promise<void> {
    const deadline = Date.now() + msMax
    let waitMs = pollMs.least
    for (;;) {
      const before = this.queues.messages
      await this.queues.collect(this.publicKey)
      if (condition()) return
      if (Date.now() > deadline) throw new Error(`not within ${msMax} ms: ${what}`)
      waitMs = this.queues.messages > before ? pollMs.least : Math.min(pollMs.most, waitMs * pollMs.factor)
      await new Promise((resolve) => setTimeout(resolve, waitMs))
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.replay.stop()
    await this.queues.stop()
    await rm(this.folder, { recursive: true, force: true })
  }
}
