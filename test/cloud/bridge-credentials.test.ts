import { createHash } from 'node:crypto'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { CredentialsFile } from '../../bridge/enrolment/credentials-file.ts'
import { Sender } from '../../bridge/forward/sender.ts'
import { createLog } from '../../bridge/operate/log.ts'

/*
 * Goal: credentials that are renewed, and a clock that is wrong, need no restart and lose nothing.
 * Method: a server in SQS's place that looks at each request's signature and tells the time that the test wants.
 */

interface Request {
  accessKeyId: string
  /** Unix milliseconds, as signed. */
  signedMs: number
}

async function sqs(serverNowMs: () => number) {
  const requests: Request[] = []
  const server = createServer(async (request, response) => {
    const body = await text(request)
    const signed = String(request.headers['x-amz-date']).replace(/(....)(..)(..)T(..)(..)(..)Z/, '$1-$2-$3T$4:$5:$6Z')
    const [, accessKeyId = ''] = /Credential=([^/]+)/.exec(request.headers.authorization ?? '') ?? []
    requests.push({ accessKeyId, signedMs: Date.parse(signed) })
    const date = new Date(serverNowMs()).toUTCString()
    const isSkewed = Math.abs(Date.parse(signed) - serverNowMs()) > 15 * 60_000
    response.writeHead(isSkewed ? 403 : 200, { 'content-type': 'application/x-amz-json-1.0', date })
    const refusal = { __type: 'com.amazon.coral.service#InvalidSignatureException', message: 'Signature expired' }
    const { Entries } = JSON.parse(body) as { Entries: { Id: string; MessageBody: string }[] }
    const taken = {
      Successful: Entries.map(({ Id, MessageBody }) => ({
        Id,
        MessageId: Id,
        MD5OfMessageBody: createHash('md5').update(MessageBody).digest('hex'),
      })),
      Failed: [],
    }
    response.end(JSON.stringify(isSkewed ? refusal : taken))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
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

test.each([3_600_000, -3_600_000, 400 * 86_400_000])(
  'a clock %s ms off is corrected from the date that SQS tells',
  async (offMs) => {
    const now = () => Date.now() + offMs
    await using it = await sqs(now)
    const sender = new Sender('eu-west-3', { accessKeyId: 'k', secretAccessKey: 's' })
    await expect(sender.send(it.queueUrl, ['a'])).rejects.toMatchObject({ errorId: 'queue-unavailable' })
    expect(await sender.send(it.queueUrl, ['a'])).toEqual([{ kind: 'accepted' }])
    expect(await sender.send(it.queueUrl, ['b'])).toEqual([{ kind: 'accepted' }])
    expect(it.requests.map(({ signedMs }) => Math.abs(signedMs - now()) < 120_000)).toEqual([false, true, true])
    sender.stop()
  },
)

test('credentials renewed in their file are used without a restart, and those before while it is half written', async () => {
  await using it = await sqs(Date.now)
  const folder = await mkdtemp(join(tmpdir(), 'credentials-'))
  const path = join(folder, 'credentials.json')
  const put = async (content: string) => {
    await writeFile(`${path}.new`, content)
    await rename(`${path}.new`, path)
  }
  const json = (AccessKeyId: string, untilMs: number) =>
    JSON.stringify({ Version: 1, AccessKeyId, SecretAccessKey: 's', Expiration: new Date(untilMs).toISOString() })
  let nowMs = Date.now()
  const file = new CredentialsFile({
    path,
    log: createLog({ level: 'error', write: () => undefined }),
    nowMs: () => nowMs,
  })
  try {
    await expect(file.provide()).rejects.toMatchObject({ errorId: 'credentials-file-unusable' })
    await put(json('one', nowMs + 60_000))
    expect(await file.provide()).toMatchObject({ accessKeyId: 'one' })
    await put('{"AccessKeyId":"tw')
    expect(await file.provide()).toMatchObject({ accessKeyId: 'one' })
    await rm(path)
    expect(await file.provide()).toMatchObject({ accessKeyId: 'one' })
    nowMs += 61_000
    await expect(file.provide()).rejects.toThrow('cannot be read')
    await put(json('late', nowMs - 1))
    await expect(file.provide()).rejects.toThrow('has expired')

    // An end that has passed makes the client ask before each request; a real one asks half a minute later.
    const again = new CredentialsFile({
      path,
      log: createLog({ level: 'error', write: () => undefined }),
      nowMs: () => 0,
    })
    const sender = new Sender('eu-west-3', again.provide)
    for (const key of ['three', 'four']) {
      await put(json(key, Date.now()))
      expect(await sender.send(it.queueUrl, ['a'])).toEqual([{ kind: 'accepted' }])
    }
    expect(it.requests.map(({ accessKeyId }) => accessKeyId)).toEqual(['three', 'four'])
    sender.stop()
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
