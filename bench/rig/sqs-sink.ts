import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { packedBodyBytesTarget } from '../../contracts/limits.ts'

/** A process that takes whatever is sent to SQS, as fast as it can, and counts it as SQS would bill it. */

interface Entry {
  Id: string
  MessageBody: string
}

export interface Counts {
  /** Started 64 KiB of each call. */
  requests: number
  messages: number
  /** When each call was answered, Unix milliseconds with fractions. */
  answeredMs: number[]
}

const byQueue = new Map<string, Counts>()
/** How many times are kept of each queue. */
const timesMax = 100_000
const now = () => performance.timeOrigin + performance.now()

function countsOf(url: string): Counts {
  const name = url.split('/').at(-1) ?? ''
  const counts = byQueue.get(name) ?? { requests: 0, messages: 0, answeredMs: [] }
  byQueue.set(name, counts)
  return counts
}

function take(url: string, bodies: readonly string[]): void {
  const counts = countsOf(url)
  const bytes = bodies.reduce((sum, body) => sum + body.length, 0)
  counts.requests += Math.max(1, Math.ceil(bytes / packedBodyBytesTarget))
  counts.messages += bodies.length
  if (counts.answeredMs.length < timesMax) counts.answeredMs.push(now())
}

const md5 = (body: string) => createHash('md5').update(body).digest('hex')

const server = createServer(async (request, response) => {
  const body = JSON.parse((await text(request)) || '{}')
  const action = String(request.headers['x-amz-target']).split('.')[1]
  const answer = (json: object) => {
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(json))
  }
  if (action === 'SendMessageBatch') {
    const entries: Entry[] = body.Entries
    answer({
      Successful: entries.map(({ Id, MessageBody }) => ({ Id, MessageId: Id, MD5OfMessageBody: md5(MessageBody) })),
    })
    take(
      body.QueueUrl,
      entries.map(({ MessageBody }) => MessageBody),
    )
  } else if (action === 'SendMessage') {
    answer({ MessageId: '1', MD5OfMessageBody: md5(body.MessageBody) })
    take(body.QueueUrl, [body.MessageBody])
  } else if (action === 'ReceiveMessage') setTimeout(() => answer({}), 20_000).unref()
  else answer({ Attributes: {} })
})

server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))
process.on('message', (asked: { forget?: boolean }) => {
  process.send?.({ counts: Object.fromEntries(byQueue) })
  if (asked.forget) byQueue.clear()
})
process.on('disconnect', () => process.exit())
