import { readFile } from 'node:fs/promises'
import { LocalCloudError } from '../errors.ts'
import type { Emulator, EmulatorAnswer } from './emulator.ts'

/** The parts of fauxqs that are used here; it exports no types for the last three. */
interface Queue {
  name: string
  url: string
  persistence: unknown
}
interface QueueStore {
  host: string
  region: string
  persistence: unknown
  queues: Map<string, Queue>
  allQueues(): Iterable<Queue>
}
interface Persistence {
  db: { exec(sql: string): void; prepare(sql: string): { run(...values: unknown[]): unknown } }
  loadSqsAndSns(queues: QueueStore, topics: unknown): void
  updateMessageReady(messageId: string): void
  close(): void
}
interface App {
  inject(request: object): Promise<{ statusCode: number; headers: Record<string, unknown>; rawPayload: Buffer }>
  ready(): PromiseLike<unknown>
  close(): PromiseLike<unknown>
}

const versionMin = [2, 4] as const

/**
 * Starts SQS by fauxqs in this process, without a socket: fauxqs's own server listens on all addresses of the machine, where
 * nothing checks roles. Messages are stored in SQLite in `dataFolder`. `host` is the host in queue URLs, the request proxy's.
 */
export async function startQueueEmulator(options: {
  dataFolder: string
  region: string
  host: string
}): Promise<Emulator> {
  const entry = import.meta.resolve('fauxqs')
  await requireVersion(entry)
  const { buildApp } = await import(entry)
  const { SqsStore } = await import(new URL('./sqs/sqsStore.js', entry).href)
  const { SnsStore } = await import(new URL('./sns/snsStore.js', entry).href)
  const { S3Store } = await import(new URL('./s3/s3Store.js', entry).href)
  const { PersistenceManager } = await import(new URL('./persistence.js', entry).href)

  const queues: QueueStore = new SqsStore()
  const topics: unknown = new SnsStore()
  // With an empty host the emulator builds queue URLs from the request's Host header.
  queues.host = ''
  queues.region = options.region
  const persistence: Persistence = new PersistenceManager(options.dataFolder)
  // In WAL mode a process that is killed then still loses nothing; only a power failure could, as with LevelDB of the tables.
  persistence.db.exec('PRAGMA synchronous = NORMAL')
  repairReady(persistence)
  persistence.loadSqsAndSns(queues, topics)
  queues.persistence = persistence
  for (const queue of [...queues.allQueues()]) {
    queue.persistence = persistence
    // The port may differ from that of the last start.
    queues.queues.delete(queue.url)
    queue.url = `http://${options.host}/000000000000/${queue.name}`
    queues.queues.set(queue.url, queue)
  }
  const app: App = buildApp({
    logger: false,
    defaultRegion: options.region,
    stores: { sqsStore: queues, snsStore: topics, s3Store: new S3Store() },
  })
  await app.ready()

  return {
    async call(headers, body): Promise<EmulatorAnswer> {
      const answer = await app.inject({
        method: 'POST',
        url: '/',
        payload: body,
        headers: {
          'content-type': 'application/x-amz-json-1.0',
          'x-amz-target': headers['x-amz-target'] ?? '',
          host: options.host,
        },
      })
      const query = answer.headers['x-amzn-query-error']
      return {
        status: answer.statusCode,
        headers: {
          'content-type': 'application/x-amz-json-1.0',
          ...(typeof query === 'string' ? { 'x-amzn-query-error': query } : {}),
        },
        body: answer.rawPayload,
      }
    },
    async stop() {
      await app.close()
      persistence.close()
    },
  }
}

/** Replaces a statement of fauxqs that loses a message: for a visibility time-out of 0 it sets a NOT NULL column to null. */
function repairReady(persistence: Persistence): void {
  const ready = persistence.db.prepare(
    'UPDATE sqs_messages SET receipt_handle = NULL, visibility_deadline = NULL WHERE message_id = ?',
  )
  persistence.updateMessageReady = (messageId) => void ready.run(messageId)
}

async function requireVersion(entry: string): Promise<void> {
  const { version } = JSON.parse(await readFile(new URL('../package.json', entry), 'utf8'))
  const [major = 0, minor = 0] = String(version).split('.').map(Number)
  if (major > versionMin[0] || (major === versionMin[0] && minor >= versionMin[1])) return
  throw new LocalCloudError(
    'emulator-too-old',
    `fauxqs ${version} does not store messages on disk: install ${versionMin.join('.')} or later with \`npm install --save-dev fauxqs@^2.4.1\`.`,
  )
}
