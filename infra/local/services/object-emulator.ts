import { mkdir } from 'node:fs/promises'
import * as v from 'valibot'
import { LocalCloudError } from '../errors.ts'
import type { StackNames } from '../template/names.ts'
import type { StackResources } from '../template/resources.ts'
import type { EmulatorAnswer } from './emulator.ts'

/** A request to S3. Its URL has the path style `/bucket/key?query`, which the SDK uses if the endpoint is an IP address. */
export interface ObjectRequest {
  method: string
  url: string
  headers: Readonly<Record<string, string>>
  body: Buffer
}

export interface ObjectEmulator {
  call(request: ObjectRequest): Promise<EmulatorAnswer>
  stop(): Promise<void>
}

/** The methods of fauxqs that are used here; it exports no types for them. */
interface App {
  inject(request: object): Promise<{ statusCode: number; headers: Record<string, unknown>; rawPayload: Buffer }>
  ready(): PromiseLike<unknown>
  close(): PromiseLike<unknown>
}

/** Headers that concern one connection; the request proxy sets its own. */
const hopHeaders = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length', 'date'])

/** Starts S3 by fauxqs in this process, without a socket. Objects are files in `dataFolder`. */
export async function startObjectEmulator(dataFolder: string, region: string): Promise<ObjectEmulator> {
  await mkdir(dataFolder, { recursive: true, mode: 0o700 })
  const entry = import.meta.resolve('fauxqs')
  const part = (path: string) => import(new URL(path, entry).href)
  const { buildApp } = await import(entry)
  const { S3Store } = await part('./s3/s3Store.js')
  const { SqsStore } = await part('./sqs/sqsStore.js')
  const { SnsStore } = await part('./sns/snsStore.js')
  const { FileS3Persistence } = await part('./s3/fileS3Persistence.js')
  const s3Store = new S3Store()
  const files = new FileS3Persistence(dataFolder)
  files.loadS3(s3Store)
  s3Store.persistence = files
  const stores = { sqsStore: new SqsStore(), snsStore: new SnsStore(), s3Store }
  const app: App = buildApp({ logger: false, defaultRegion: region, stores })
  await app.ready()
  return {
    async call({ method, url, headers, body }): Promise<EmulatorAnswer> {
      const payload = method === 'GET' || method === 'HEAD' ? {} : { payload: body }
      const answer = await app.inject({ method, url, headers, ...payload })
      const kept = Object.entries(answer.headers).filter(([name]) => !hopHeaders.has(name))
      return {
        status: answer.statusCode,
        headers: Object.fromEntries(kept.map(([name, value]) => [name, String(value)])),
        body: answer.rawPayload,
      }
    },
    stop: async () => void (await app.close()),
  }
}

const Bucket = v.looseObject({ BucketName: v.optional(v.string()) })

/** Creates the template's buckets; a bucket that exists stays as it is. */
export async function createBuckets(
  resources: StackResources,
  names: StackNames,
  objects: ObjectEmulator,
): Promise<void> {
  for (const { logicalId } of resources.ofType('AWS::S3::Bucket', Bucket)) {
    const name = names.ref(logicalId) ?? logicalId
    const { status, body } = await objects.call({ method: 'PUT', url: `/${name}`, headers: {}, body: Buffer.alloc(0) })
    if (status === 200) continue
    throw new LocalCloudError('template-unsupported', `The bucket ${name} cannot be created: ${body.toString()}`)
  }
}
