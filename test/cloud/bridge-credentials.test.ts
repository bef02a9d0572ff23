import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { CredentialsFile } from '../../bridge/enrolment/credentials-file.ts'
import { Sender } from '../../bridge/forward/sender.ts'
import { createLog } from '../../bridge/operate/log.ts'
import { stubQueue } from './stub-queue.ts'

/*
 * Goal: renewed credentials and a wrong clock need no restart and lose nothing.
 * Method: a server replaces SQS; it checks the signature of each request and reports the time that the test sets.
 */

test.each([3_600_000, -3_600_000, 400 * 86_400_000])(
  'if the clock is wrong by %s ms, SQS refuses the first request and accepts later ones, signed with the time of SQS',
  async (offMs) => {
    const now = () => Date.now() + offMs
    await using it = await stubQueue(now)
    const sender = new Sender('eu-west-3', { accessKeyId: 'k', secretAccessKey: 's' })
    await expect(sender.send(it.queueUrl, ['a'])).rejects.toMatchObject({ errorId: 'queue-unavailable' })
    expect(await sender.send(it.queueUrl, ['a'])).toEqual([{ kind: 'accepted' }])
    expect(await sender.send(it.queueUrl, ['b'])).toEqual([{ kind: 'accepted' }])
    expect(it.requests.map(({ signedMs }) => Math.abs(signedMs - now()) < 120_000)).toEqual([false, true, true])
    sender.stop()
  },
)

test('uses renewed credentials without a restart, and the old ones while the new file is half written or missing', async () => {
  await using it = await stubQueue(Date.now)
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

    // Expired credentials make the client read the file before each request.
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
