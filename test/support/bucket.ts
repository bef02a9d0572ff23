import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { readBody } from '../../infra/local/request-body.ts'
import { startObjectEmulator } from '../../infra/local/services/object-emulator.ts'

export interface TestBucket extends AsyncDisposable {
  client: S3Client
  bucket: string
  read(key: string): Promise<string>
}

const bodyBytesMax = 20_000_000

/** Starts a bucket of the local cloud's emulator, over a socket. */
export async function startBucket(folder: string): Promise<TestBucket> {
  const objects = await startObjectEmulator(folder, 'eu-west-3')
  const server = createServer(async (request, response) => {
    const { method = 'GET', url = '/' } = request
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
    const body = (await readBody(request, bodyBytesMax)) ?? Buffer.alloc(0)
    const answer = await objects.call({ method, url, headers, body })
    response.writeHead(answer.status, { ...answer.headers, 'content-length': answer.body.length }).end(answer.body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  const client = new S3Client({ endpoint: `http://127.0.0.1:${port}`, region: 'eu-west-3', credentials })
  const bucket = 'exports'
  await objects.call({ method: 'PUT', url: `/${bucket}`, headers: {}, body: Buffer.alloc(0) })
  return {
    client,
    bucket,
    read: async (Key) => {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key }))
      return (await Body?.transformToString()) ?? ''
    },
    [Symbol.asyncDispose]: async () => {
      client.destroy()
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
      await objects.stop()
    },
  }
}
