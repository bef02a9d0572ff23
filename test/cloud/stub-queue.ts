import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

interface Request {
  accessKeyId: string
  /** Time in the signature, in Unix milliseconds. */
  signedMs: number
}

/**
 * A server that replaces SQS: it checks the time of each request's signature and answers with the time that a test sets.
 * `refuse` names another error for every request that is not skewed.
 */
export async function stubQueue(
  serverNowMs: () => number = Date.now,
  host = '127.0.0.1',
  refuse: (accessKeyId: string) => string | undefined = () => undefined,
) {
  const requests: Request[] = []
  const server = createServer(async (request, response) => {
    const body = await text(request)
    const signed = String(request.headers['x-amz-date']).replace(/(....)(..)(..)T(..)(..)(..)Z/, '$1-$2-$3T$4:$5:$6Z')
    const [, accessKeyId = ''] = /Credential=([^/]+)/.exec(request.headers.authorization ?? '') ?? []
    requests.push({ accessKeyId, signedMs: Date.parse(signed) })
    const date = new Date(serverNowMs()).toUTCString()
    const isSkewed = Math.abs(Date.parse(signed) - serverNowMs()) > 15 * 60_000
    const refused = isSkewed ? 'InvalidSignatureException' : refuse(accessKeyId)
    response.writeHead(refused ? 403 : 200, { 'content-type': 'application/x-amz-json-1.0', date })
    const refusal = { __type: `com.amazon.coral.service#${refused}`, message: 'Signature expired' }
    const { Entries = [] } = JSON.parse(body || '{}') as { Entries?: { Id: string; MessageBody: string }[] }
    const taken = {
      Successful: Entries.map(({ Id, MessageBody }) => ({
        Id,
        MessageId: Id,
        MD5OfMessageBody: createHash('md5').update(MessageBody).digest('hex'),
      })),
      Failed: [],
    }
    response.end(JSON.stringify(refused ? refusal : taken))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const endpoint = `http://${host}:${(server.address() as AddressInfo).port}`
  process.env['AWS_ENDPOINT_URL_SQS'] = endpoint
  return {
    requests,
    queueUrl: `${endpoint}/000000000000/live`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
