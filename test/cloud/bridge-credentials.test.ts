import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { CredentialsFile } from '../../bridge/enrolment/credentials-file.ts'
import { probeQueues } from '../../bridge/forward/probe.ts'
import { Sender } from '../../bridge/forward/sender.ts'
import type { SqsAccess } from '../../bridge/forward/sqs-client.ts'
import { CloudClock } from '../../bridge/operate/cloud-clock.ts'
import { createLog } from '../../bridge/operate/log.ts'
import { stubQueue } from './stub-queue.ts'

/*
 * Goal: renewed credentials and a wrong clock need no restart and lose nothing.
 * Method: a server replaces SQS; it checks the signature of each request and reports the time that the test sets.
 */

const pair = { accessKeyId: 'k', secretAccessKey: 's' }
const quiet = createLog({ level: 'error', write: () => undefined })
const minuteMs = 60_000

function startAt(it: { queueUrl: string }, credentials: SqsAccess['credentials'] = pair) {
  const lines: string[] = []
  const clock = new CloudClock()
  const sender = new Sender('eu-west-3', { credentials, clock })
  const probe = (canRenew = false) =>
    probeQueues(
      { live: it.queueUrl, records: it.queueUrl },
      { sender, clock, canRenew, log: createLog({ level: 'info', write: (line) => lines.push(line) }) },
    )
  return { sender, clock, probe, lines }
}

test.each([3_600_000, -3_600_000, 400 * 86_400_000])(
  'if the clock is wrong by %s ms, SQS refuses the first request and accepts later ones, signed with the time of SQS',
  async (offMs) => {
    const now = () => Date.now() + offMs
    await using it = await stubQueue(now)
    const sender = new Sender('eu-west-3', { credentials: pair })
    await expect(sender.send(it.queueUrl, ['a'])).rejects.toMatchObject({ errorId: 'queue-unavailable' })
    expect(await sender.send(it.queueUrl, ['a'])).toEqual([{ kind: 'accepted' }])
    expect(await sender.send(it.queueUrl, ['b'])).toEqual([{ kind: 'accepted' }])
    expect(it.requests.map(({ signedMs }) => Math.abs(signedMs - now()) < 120_000)).toEqual([false, true, true])
    sender.stop()
  },
)

test.each([
  [1, 'The clock of this machine is 60 s behind that of the cloud.'],
  [-6, 'The clock of this machine is 6 min ahead of that of the cloud.'],
  [14, 'The clock of this machine is 14 min behind that of the cloud.'],
  [16, 'The clock of this machine is 16 min behind that of the cloud.'],
  [-120, 'The clock of this machine is 2 h 0 min ahead of that of the cloud.'],
  [-48 * 60, 'The clock of this machine is 48 h 0 min ahead of that of the cloud.'],
  [48 * 60, 'The clock of this machine is 48 h 0 min behind that of the cloud.'],
])('live-01 starts if the cloud is %s min later than this machine, and says so', async (offMin, says) => {
  await using it = await stubQueue(() => Date.now() + offMin * minuteMs)
  const { sender, clock, probe, lines } = startAt(it)
  await probe()
  expect(clock.check()).toMatchObject({ id: 'clock', state: 'warning', reason: says })
  expect(lines.join('')).not.toContain('queue not checked')
  expect(lines.join('').includes(says)).toBe(Math.abs(offMin) > 15)
  expect(await sender.send(it.queueUrl, ['a'])).toEqual([{ kind: 'accepted' }])
  sender.stop()
})

test('live-01 refuses to start if SQS rejects a signature that has the right time, and says nothing about the clock', async () => {
  await using it = await stubQueue(Date.now, '127.0.0.1', () => 'SignatureDoesNotMatch')
  const { sender, clock, probe } = startAt(it)
  await expect(probe()).rejects.toMatchObject({ errorId: 'credentials-refused', exitStatus: 77 })
  expect(clock.check()?.state).toBe('ok')
  sender.stop()
})

test('live-01 starts if credentials of another program look expired by a wrong clock, and names the clock', async () => {
  await using it = await stubQueue(() => Date.now() - 120 * minuteMs)
  const expired = Object.assign(new Error('Profile default credential_process returned expired credentials.'), {
    name: 'CredentialsProviderError',
  })
  const { sender, probe, lines } = startAt(it, () => Promise.reject(expired))
  await probe()
  expect(lines.join('')).toContain('2 h 0 min ahead')
  sender.stop()
})

test.each(['ExpiredToken', 'ExpiredTokenException'])(
  'live-01 gets new credentials at once if SQS answers %s',
  async (code) => {
    await using it = await stubQueue(Date.now, '127.0.0.1', (key) => (key === 'old' ? code : undefined))
    const folder = await mkdtemp(join(tmpdir(), 'credentials-'))
    const path = join(folder, 'credentials.json')
    const clock = new CloudClock()
    const file = new CredentialsFile({ path, log: quiet, cloud: clock })
    const put = (AccessKeyId: string) =>
      writeFile(path, JSON.stringify({ Version: 1, AccessKeyId, SecretAccessKey: 's' }))
    const sender = new Sender('eu-west-3', { credentials: file.provide, onExpired: file.expired, clock })
    try {
      await put('old')
      await expect(sender.send(it.queueUrl, ['a'])).rejects.toMatchObject({ fault: 'expired' })
      await put('new')
      expect(await sender.send(it.queueUrl, ['a'])).toEqual([{ kind: 'accepted' }])
      expect(it.requests.map(({ accessKeyId }) => accessKeyId)).toEqual(['old', 'new'])
    } finally {
      sender.stop()
      await rm(folder, { recursive: true, force: true })
    }
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
  let monotonicMs = 0
  const pass = (ms: number) => {
    nowMs += ms
    monotonicMs += ms
  }
  const cloud = { isKnown: true, nowMs: () => nowMs }
  const file = new CredentialsFile({ path, log: quiet, cloud, clock: { monotonicMs: () => monotonicMs } })
  try {
    await expect(file.provide()).rejects.toMatchObject({ errorId: 'credentials-file-unusable' })
    await put(json('one', nowMs + 60_000))
    expect(await file.provide()).toMatchObject({ accessKeyId: 'one' })
    await put('{"AccessKeyId":"tw')
    pass(31_000)
    expect(await file.provide()).toMatchObject({ accessKeyId: 'one' })
    await rm(path)
    pass(20_000)
    expect(await file.provide()).toMatchObject({ accessKeyId: 'one' })
    pass(10_000)
    await expect(file.provide()).rejects.toThrow('cannot be read')
    await put(json('late', nowMs - 1))
    await expect(file.provide()).rejects.toThrow('has expired')

    // Half a minute later the file is read again.
    cloud.nowMs = Date.now
    const sender = new Sender('eu-west-3', { credentials: file.provide })
    for (const key of ['three', 'four']) {
      await put(json(key, Date.now() + 60_000))
      pass(31_000)
      expect(await sender.send(it.queueUrl, ['a'])).toEqual([{ kind: 'accepted' }])
    }
    expect(it.requests.map(({ accessKeyId }) => accessKeyId)).toEqual(['three', 'four'])
    sender.stop()
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

test('uses credentials that have expired by a clock of which nobody knows whether it is right', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'credentials-'))
  const path = join(folder, 'credentials.json')
  await writeFile(path, JSON.stringify({ AccessKeyId: 'k', SecretAccessKey: 's', Expiration: '2001-01-01T00:00:00Z' }))
  const file = (isKnown: boolean) => new CredentialsFile({ path, log: quiet, cloud: { isKnown, nowMs: Date.now } })
  expect(await file(false).provide()).toMatchObject({ accessKeyId: 'k' })
  await expect(file(true).provide()).rejects.toThrow('has expired')
  await rm(folder, { recursive: true, force: true })
})
