import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readConfig } from '../../bridge/config.ts'
import { Session, SessionRefusedError } from '../../bridge/enrolment/session.ts'
import { readSigningKey } from '../../bridge/forward/signing-key.ts'
import { type Clock, realClock } from '../../bridge/operate/clock.ts'
import { CloudClock } from '../../bridge/operate/cloud-clock.ts'
import { createLog } from '../../bridge/operate/log.ts'
import { startReplay } from '../../infra/replay/replay.ts'
import { makeSite, newCode } from '../../infra/start/make-site.ts'
import { BridgeProcess } from '../cloud/bridge-process.ts'
import { sharedDeployment } from '../support/deployment.ts'
import { until } from '../support/until.ts'

const deployment = sharedDeployment()
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'sh-enroll-'))
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

const log = createLog({ level: 'error', write: () => undefined })
const enroll = (code: string, to: string, api = deployment.cloud.httpUrl) =>
  promisify(execFile)(process.execPath, [
    'dist/bridge/switchhook-bridge.mjs',
    'enroll',
    code,
    '--api',
    api,
    '--folder',
    to,
  ])

/** A proxy to the API that can be closed. */
async function startDoor(target: string) {
  const door = { url: '', isAway: false, turnedAway: 0, [Symbol.asyncDispose]: async () => void server.close() }
  const server = createServer(async (request, response) => {
    if (door.isAway) {
      door.turnedAway += 1
      request.socket.destroy()
      return
    }
    const body = await text(request)
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(target + request.url, { method: request.method ?? 'GET', headers, body })
    response.writeHead(answer.status, headers).end(await answer.text())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  door.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return door
}

/** A wall clock and a monotonic one. Minutes pass on both; a step moves the wall clock alone. */
function simulatedTime() {
  const [begun, at] = [Date.now(), { wallMs: 0, monotonicMs: 0 }]
  return {
    nowMs: () => begun + at.wallMs,
    monotonicMs: () => at.monotonicMs,
    step: (minutes: number) => {
      at.wallMs += minutes * 60_000
    },
    pass: (minutes: number) => {
      at.wallMs += minutes * 60_000
      at.monotonicMs += minutes * 60_000
    },
  }
}

async function siteAndCode(name: string): Promise<string> {
  return codeOf(name, (await deployment.makeSite(name)).site.apiKey)
}

async function codeOf(site: string, key: string): Promise<string> {
  const response = await deployment.call('POST', `/v1/sites/${site}/bridges`, { key })
  return ((await response.json()) as { code: string }).code
}

type Time = Pick<Clock, 'nowMs' | 'monotonicMs'>

async function sessionOf(to: string, clock: Time = realClock): Promise<Session> {
  const file = path.join(to, 'bridge.json')
  const own = { enrolment: path.join(to, 'enrolment.json'), stateFolder: to, cdr: { file: '/cdr' } }
  const ari = { url: 'http://127.0.0.1:8088/ari', user: 'bridge', password: 'secret' }
  await writeFile(file, JSON.stringify({ ...own, ari }))
  const { api = '', site, key } = await readConfig(file)
  const sign = await readSigningKey(key.privateKeyFile)
  return new Session({ api, site, key: key.id, sign, log, cloud: new CloudClock(clock), clock })
}

test('switchhook-bridge enroll creates a private key and a configuration with which the bridge gets a session', async () => {
  const to = path.join(folder, 'first')
  const { stdout } = await enroll(await siteAndCode('bridge-first'), to)
  expect(stdout).toContain('Enrolled for the site bridge-first.')
  for (const file of ['bridge-key.pem', 'enrolment.json']) {
    expect((await stat(path.join(to, file))).mode & 0o077, file).toBe(0)
  }
  expect(await readFile(path.join(to, 'enrolment.json'), 'utf8')).not.toContain('PRIVATE')
  const { accessKeyId, expiration } = await (await sessionOf(to)).provide()
  expect(accessKeyId).toMatch(/^ASIA/)
  // The AWS clients ask the session for each request, so none of them judges its life by the wall clock.
  expect(expiration.getTime()).toBe(0)
})

test('a start after one that died uses the existing site, with a new API key and a valid enrolment code', async () => {
  const { httpUrl, adminKey } = deployment.cloud
  const wanted = { site: 'again-and-again', name: 'Again' }
  const first = await makeSite(wanted, { httpUrl, adminKey })
  const second = await makeSite(wanted, { httpUrl, adminKey })
  expect(second.apiKey).not.toBe(first.apiKey)
  for (const key of [first.apiKey, second.apiKey, second.pageKey]) {
    expect((await deployment.call('GET', '/v1/sites/again-and-again', { key })).status).toBe(200)
  }
  const to = path.join(folder, 'started')
  const { stdout } = await enroll(await newCode('again-and-again', { httpUrl, adminKey }), to)
  expect(stdout).toContain('Enrolled for the site again-and-again.')
  const refused = makeSite({ site: 'Not A Name', name: 'x' }, { httpUrl, adminKey })
  await expect(refused).rejects.toMatchObject({ errorId: 'site-not-made' })
})

test('a repeated enrolment after a crash keeps its key; the same code in another folder exits with 77 and an explanation', async () => {
  const to = path.join(folder, 'again')
  const code = await siteAndCode('bridge-again')
  await enroll(code, to)
  const key = await readFile(path.join(to, 'bridge-key.pem'), 'utf8')
  await rm(path.join(to, 'enrolment.json'))
  await enroll(code, to)
  expect(await readFile(path.join(to, 'bridge-key.pem'), 'utf8')).toBe(key)
  const other = enroll(code, path.join(folder, 'elsewhere'))
  await expect(other).rejects.toMatchObject({
    code: 77,
    stderr: expect.stringMatching(/^switchhook-bridge: .*Make a new one/),
  })
  const away = enroll(code, to, 'http://127.0.0.1:9')
  await expect(away).rejects.toMatchObject({ code: 69, stderr: expect.stringContaining('no answer from the API') })
  const bare = promisify(execFile)(process.execPath, ['dist/bridge/switchhook-bridge.mjs', 'enroll'])
  await expect(bare).rejects.toMatchObject({ code: 64 })
})

test('the bridge renews its session after 45 minutes, even if its clock is wrong, and gets none once it is revoked', async () => {
  const to = path.join(folder, 'renewed')
  await enroll(await siteAndCode('bridge-renewed'), to)
  const clock = simulatedTime()
  const session = await sessionOf(to, clock)
  const first = await session.provide()
  clock.pass(44)
  expect((await session.provide()).accessKeyId).toBe(first.accessKeyId)
  clock.pass(2)
  // The bridge's clock is 46 minutes ahead: the API refuses with its own time, and the next request uses that.
  const second = await session.provide()
  expect(second.accessKeyId).not.toBe(first.accessKeyId)
  const { bridges } = (await (
    await deployment.call('GET', '/v1/sites/bridge-renewed/bridges', { key: deployment.cloud.adminKey })
  ).json()) as { bridges: { key: string; lastUsedAt?: string }[] }
  const used = bridges.find(({ lastUsedAt }) => lastUsedAt !== undefined)
  await deployment.call('DELETE', `/v1/sites/bridge-renewed/bridges/${used?.key}`, { key: deployment.cloud.adminKey })
  clock.pass(46)
  const refused = session.provide()
  await expect(refused).rejects.toBeInstanceOf(SessionRefusedError)
  await expect(refused).rejects.toMatchObject({ errorId: 'bridge-unknown', name: 'CredentialsProviderError' })
})

test('while the cloud is unreachable, the bridge uses its session until it expires', async () => {
  const to = path.join(folder, 'away')
  await using door = await startDoor(deployment.cloud.httpUrl)
  await enroll(await siteAndCode('bridge-away'), to, door.url)
  const clock = simulatedTime()
  const session = await sessionOf(to, clock)
  const first = await session.provide()
  door.isAway = true
  for (const minutes of [46, 0.4, 5, 5]) {
    clock.pass(minutes)
    expect((await session.provide()).accessKeyId).toBe(first.accessKeyId)
  }
  // The second time was too early for another request.
  expect(door.turnedAway).toBe(3)
  clock.pass(5)
  await expect(session.provide()).rejects.toMatchObject({ errorId: 'api-unreachable' })
})

test('live-01 a clock that is set by 48 hours changes no session; ExpiredToken from AWS replaces it', async () => {
  const to = path.join(folder, 'stepped')
  await enroll(await siteAndCode('bridge-stepped'), to)
  const clock = simulatedTime()
  clock.step(-48 * 60)
  const session = await sessionOf(to, clock)
  const first = await session.provide()
  for (const hours of [96, -96, 1]) {
    clock.step(hours * 60)
    expect((await session.provide()).accessKeyId).toBe(first.accessKeyId)
  }
  // A request that was sent with the session before this one does not end it.
  session.expired()
  expect((await session.provide()).accessKeyId).toBe(first.accessKeyId)
  clock.pass(1)
  session.expired()
  expect((await session.provide()).accessKeyId).not.toBe(first.accessKeyId)
})

test('live-01 a bridge whose clock is 48 h behind starts, works while the clock is set, and loses no call record', async () => {
  const to = path.join(folder, 'clock')
  const site = 'bridge-clock'
  const key = (await deployment.makeSite(site)).site.apiKey
  await enroll(await codeOf(site, key), to)
  await using pbx = await startReplay({
    folder: path.join(to, 'pbx'),
    recordings: [],
    speed: 30,
    user: 'b',
    password: 's',
  })
  const [config, clock] = [path.join(to, 'bridge.json'), path.join(to, 'clock')]
  const own = { enrolment: path.join(to, 'enrolment.json'), stateFolder: to, cdr: { file: pbx.cdrFile } }
  await writeFile(config, JSON.stringify({ ...own, ari: { url: pbx.ariUrl, user: 'b', password: 's' } }))
  const hours = (count: number) => writeFile(clock, String(count * 3_600_000))
  const env = {
    NODE_OPTIONS: `--import ${path.join(import.meta.dirname, '../support/simulated-clock.ts')}`,
    SIMULATED_CLOCK: clock,
  }
  const { call } = deployment
  const stored = async () =>
    ((await (await call('GET', `/v1/sites/${site}/cdrs`, { key })).json()) as { cdrs: [] }).cdrs
  await hours(-48)
  await using bridge = new BridgeProcess(config, { env })
  await bridge.logged('epoch begun')
  const steps = [
    [-48, '48 h 0 min behind'],
    [2, '2 h 0 min ahead'],
    [-1 / 60, '60 s behind'],
    [48, '48 h 0 min ahead'],
  ] as const
  for (const [at, says] of steps) {
    await hours(at)
    await until(
      says,
      async () => bridge.stdout.includes(`"event":"check","check":"clock"`) && bridge.stdout.includes(says),
    )
    await pbx.playOnce('internal_answered')
  }
  const written = (await readFile(pbx.cdrFile, 'utf8')).trimEnd().split('\n')
  expect(written).toHaveLength(steps.length)
  await until('every record', async () => (await stored()).length === written.length)
  // With the right time in each signature, only the first request was refused.
  expect(bridge.stdout).not.toMatch(/queue-unavailable|not checked|receiving commands failed/)
})

test('lets only the bridge-auth function assume the role of the bridges, and that function no other role', async () => {
  const { cloud } = deployment
  const role = cloud.roleArn('BridgeRole')
  const as = (who: string) =>
    new STSClient({ region: cloud.region, endpoint: cloud.endpoints.sqs, credentials: cloud.credentials(who) })
  const Tags = [
    { Key: 'site', Value: 'x' },
    { Key: 'queue', Value: 'x-1' },
  ]
  const assume = (who: string) => as(who).send(new AssumeRoleCommand({ RoleArn: role, RoleSessionName: 'x-1', Tags }))
  expect((await assume('BridgeAuthRole')).Credentials?.AccessKeyId).toMatch(/^ASIA/)
  for (const who of ['SitesRole', 'KeysRole', 'BridgeRole', 'AuthorizeHttpRole']) {
    await expect(assume(who), who).rejects.toMatchObject({ name: 'AccessDenied' })
  }
  const others = new AssumeRoleCommand({ RoleArn: cloud.roleArn('SitesRole'), RoleSessionName: 'x-1' })
  await expect(as('BridgeAuthRole').send(others)).rejects.toMatchObject({ name: 'AccessDenied' })
  await expect(as('BridgeAuthRole').send(new GetCallerIdentityCommand({}))).rejects.toMatchObject({
    name: 'InvalidAction',
  })
})
