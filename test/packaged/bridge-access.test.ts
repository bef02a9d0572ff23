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
import { createLog } from '../../bridge/operate/log.ts'
import { makeSite, newCode } from '../../infra/start/make-site.ts'
import { sharedDeployment } from '../support/deployment.ts'

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
  const door = { url: '', isAway: false, [Symbol.asyncDispose]: async () => void server.close() }
  const server = createServer(async (request, response) => {
    if (door.isAway) {
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

async function siteAndCode(name: string): Promise<string> {
  const { site } = await deployment.makeSite(name)
  const response = await deployment.call('POST', `/v1/sites/${name}/bridges`, { key: site.apiKey })
  return ((await response.json()) as { code: string }).code
}

async function sessionOf(to: string, now: () => number): Promise<Session> {
  const file = path.join(to, 'bridge.json')
  const own = { enrolment: path.join(to, 'enrolment.json'), stateFolder: to, cdr: { file: '/cdr' } }
  const ari = { url: 'http://127.0.0.1:8088/ari', user: 'bridge', password: 'secret' }
  await writeFile(file, JSON.stringify({ ...own, ari }))
  const { api = '', site, key } = await readConfig(file)
  return new Session({ api, site, key: key.id, sign: await readSigningKey(key.privateKeyFile), log, now })
}

test('switchhook-bridge enroll creates a private key and a configuration with which the bridge gets a session', async () => {
  const to = path.join(folder, 'first')
  const { stdout } = await enroll(await siteAndCode('bridge-first'), to)
  expect(stdout).toContain('Enrolled for the site bridge-first.')
  for (const file of ['bridge-key.pem', 'enrolment.json']) {
    expect((await stat(path.join(to, file))).mode & 0o077, file).toBe(0)
  }
  expect(await readFile(path.join(to, 'enrolment.json'), 'utf8')).not.toContain('PRIVATE')
  const { accessKeyId, expiration } = await (await sessionOf(to, Date.now)).provide()
  expect(accessKeyId).toMatch(/^ASIA/)
  // The bridge renews a session of an hour at 45 minutes.
  expect(Math.round((expiration.getTime() - Date.now()) / 60_000)).toBe(50)
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
  const clock = { now: Date.now() }
  const session = await sessionOf(to, () => clock.now)
  const first = await session.provide()
  clock.now += 44 * 60_000
  expect((await session.provide()).accessKeyId).toBe(first.accessKeyId)
  clock.now += 2 * 60_000
  // The bridge's clock is 46 minutes ahead: the API refuses with its own time, and the next request uses that.
  const second = await session.provide()
  expect(second.accessKeyId).not.toBe(first.accessKeyId)
  const { bridges } = (await (
    await deployment.call('GET', '/v1/sites/bridge-renewed/bridges', { key: deployment.cloud.adminKey })
  ).json()) as { bridges: { key: string; lastUsedAt?: string }[] }
  const used = bridges.find(({ lastUsedAt }) => lastUsedAt !== undefined)
  await deployment.call('DELETE', `/v1/sites/bridge-renewed/bridges/${used?.key}`, { key: deployment.cloud.adminKey })
  clock.now += 46 * 60_000
  const refused = session.provide()
  await expect(refused).rejects.toBeInstanceOf(SessionRefusedError)
  await expect(refused).rejects.toMatchObject({ errorId: 'bridge-unknown', name: 'CredentialsProviderError' })
})

test('while the cloud is unreachable, the bridge uses its session until it expires', async () => {
  const to = path.join(folder, 'away')
  await using door = await startDoor(deployment.cloud.httpUrl)
  await enroll(await siteAndCode('bridge-away'), to, door.url)
  const clock = { now: Date.now() }
  const session = await sessionOf(to, () => clock.now)
  const first = await session.provide()
  door.isAway = true
  for (const minutes of [46, 5, 5]) {
    clock.now += minutes * 60_000
    const { accessKeyId, expiration } = await session.provide()
    expect(accessKeyId).toBe(first.accessKeyId)
    // Renewed half a minute later: the AWS clients renew a session five minutes before it expires.
    expect(expiration.getTime() - clock.now).toBe(330_000)
  }
  clock.now += 5 * 60_000
  await expect(session.provide()).rejects.toMatchObject({ errorId: 'api-unreachable' })
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
