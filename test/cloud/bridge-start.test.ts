import { chmod, chown, copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { BridgeProcess } from './bridge-process.ts'
import { password, World } from './bridge-world.ts'

/*
 * Goal: a bridge that cannot start prints one sentence that says what is wrong and what to do.
 * Method: the real process with one mistake at a time; checks its exit status and standard error, and that no secret is in it.
 */

let world: World
const servers: { close(): void }[] = []
beforeAll(async () => {
  world = await World.start()
})
afterAll(async () => {
  for (const server of servers) server.close()
  await world[Symbol.asyncDispose]()
})

async function listening(server: ReturnType<typeof createServer>): Promise<number> {
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

/** Returns a port on which nothing listens. */
async function closedPort(): Promise<number> {
  const server = createServer()
  const port = await listening(server)
  await new Promise((resolve) => server.close(resolve))
  return port
}

const ari = (changes: Record<string, unknown>) => ({
  ari: { url: world.replay.ariUrl, user: 'bridge', password, ...changes },
})

interface Case {
  what: string
  overrides: () => Promise<Record<string, unknown>> | Record<string, unknown>
  status: number
  says: RegExp
  env?: Record<string, string>
}

const cases: Case[] = [
  {
    what: 'a wrong ARI password',
    overrides: () => ari({ password: 'wrong-canary' }),
    status: 77,
    says: /refuses the password of the ARI user bridge: correct ari\.user and ari\.password/,
  },
  {
    what: 'a port where something else speaks HTTP',
    overrides: async () => {
      const server = createHttpServer((_request, response) => response.writeHead(404).end('no'))
      server.on('upgrade', (_request, socket) => socket.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n'))
      return ari({ url: `http://127.0.0.1:${await listening(server)}/ari` })
    },
    status: 76,
    says: /is not Asterisk's ARI \(it answers 404\): correct ari\.url/,
  },
  {
    what: 'a port where something speaks another protocol than HTTP',
    overrides: async () => {
      const server = createServer((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'))
      return ari({ url: `http://127.0.0.1:${await listening(server)}/ari` })
    },
    status: 76,
    says: /does not speak HTTP: correct ari\.url/,
  },
  {
    what: 'an application that Asterisk refuses',
    overrides: async () => {
      const server = createHttpServer()
      server.on('upgrade', (_request, socket) => socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n'))
      return ari({ url: `http://127.0.0.1:${await listening(server)}/ari`, application: 'refused' })
    },
    status: 78,
    says: /refuses the application refused: correct ari\.application/,
  },
  {
    what: 'an ARI user that is read-only',
    overrides: async () => {
      const server = createHttpServer()
      server.on('upgrade', (_request, socket) => socket.end('HTTP/1.1 403 Forbidden\r\nconnection: close\r\n\r\n'))
      return ari({ url: `http://127.0.0.1:${await listening(server)}/ari` })
    },
    status: 77,
    says: /is read-only: set read_only=no/,
  },
  {
    what: 'a layout of CDRs that names no columns',
    overrides: () => ({ cdr: { file: world.replay.cdrFile, layout: 'src,dst' } }),
    status: 78,
    says: /cdr\.layout must be the mapping line of cdr_custom\.conf, or the names of the columns/,
  },
  {
    what: 'a CDR file that is a folder',
    overrides: async () => {
      await mkdir(join(world.folder, 'folder.jsonl'), { recursive: true })
      return { cdr: { file: join(world.folder, 'folder.jsonl') } }
    },
    status: 66,
    says: /folder\.jsonl cannot be read \(EISDIR\)/,
  },
  {
    what: 'a live queue that does not exist',
    overrides: () => ({ queues: { ...world.queues.urls, live: world.queues.urls.live.replace('/live', '/gone') } }),
    status: 78,
    says: /the queue http:\S+\/gone does not exist: correct queues\.live/,
  },
  {
    what: 'a records queue that does not exist',
    overrides: () => ({
      queues: { ...world.queues.urls, records: world.queues.urls.records.replace('/records', '/gone') },
    }),
    status: 78,
    says: /the queue http:\S+\/gone does not exist: correct queues\.records/,
  },
  {
    what: 'no AWS credentials',
    overrides: () => ({}),
    env: {
      AWS_ACCESS_KEY_ID: '',
      AWS_SECRET_ACCESS_KEY: '',
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_SHARED_CREDENTIALS_FILE: '/nowhere',
      AWS_CONFIG_FILE: '/nowhere',
    },
    status: 77,
    says: /SQS rejects the AWS credentials, or the bridge found no credentials/,
  },
  {
    what: 'a state folder that cannot be created',
    overrides: async () => {
      await writeFile(join(world.folder, 'a-file'), '')
      return { stateFolder: join(world.folder, 'a-file', 'state') }
    },
    status: 73,
    says: /the state folder \S+ cannot be written \(ENOTDIR\)/,
  },
  {
    what: 'a key file that others may read',
    overrides: async () => {
      const file = join(world.folder, 'open.key')
      await writeFile(file, 'secret-canary')
      await chmod(file, 0o644)
      return { key: { id: 'k1', privateKeyFile: file } }
    },
    status: 77,
    says: /other users may read the key \S+ \(mode 644\): run chmod 600/,
  },
  {
    what: 'a key file that does not exist',
    overrides: () => ({ key: { id: 'k1', privateKeyFile: join(world.folder, 'absent.key') } }),
    status: 66,
    says: /absent\.key does not exist: enrol the bridge/,
  },
  {
    what: 'a configuration with two wrong keys',
    overrides: () => ({ site: 'No', region: 'here' }),
    status: 78,
    says: /site must be .*; region must be /,
  },
  {
    what: 'a health port in use',
    overrides: async () => ({ health: { port: await listening(createServer()) } }),
    status: 69,
    says: /the health port \d+ cannot be used \(EADDRINUSE\)/,
  },
]

/** Each case has its own state folder and configuration file, since the cases run in parallel. */
let made = 0
async function configured(overrides: Record<string, unknown>): Promise<string> {
  made += 1
  return world.configFile({ stateFolder: join(world.folder, `state-${made}`), ...overrides }, `config-${made}.json`)
}

test.concurrent.each(cases)(
  'exits and explains in one sentence what is wrong: $what',
  async ({ overrides, status, says, env }) => {
    await using bridge = new BridgeProcess(await configured(await overrides()), { env })
    expect((await bridge.ended).status).toBe(status)
    expect(bridge.stderr).toMatch(says)
    expect(bridge.stderr.trimEnd().split('\n')).toHaveLength(1)
    expect(bridge.stderr).not.toMatch(/\bat \S+ \(|node:/)
    expect(bridge.stdout + bridge.stderr).not.toMatch(/canary|a-secret-of-the-test/)
  },
)

test('reports a PBX that is dead at the start as down, goes on trying, and shows what to do', async () => {
  const health = await closedPort()
  const url = `http://127.0.0.1:${await closedPort()}/ari`
  await using bridge = new BridgeProcess(await configured({ ...ari({ url }), health: { port: health } }))
  const beats = () => world.queues.of('switchhook.heartbeat.v1')
  await world.until('the report', () => beats().length > 0)
  expect(beats()[0]?.data).toMatchObject({ pbx: 'down', pbxSince: expect.any(String) })
  const response = await fetch(`http://127.0.0.1:${health}/healthz`)
  expect([response.status, await response.json()]).toMatchObject([
    503,
    {
      components: { ari: { status: 'down' } },
      checks: expect.arrayContaining([
        {
          id: 'ari',
          state: 'warning',
          reason: expect.stringMatching(/cannot be reached \(ECONNREFUSED\)/),
          repair: expect.stringMatching(/start it, or correct ari\.url/),
        },
      ]),
    },
  ])
  // SIGHUP reads the configuration again, and does not end the bridge.
  bridge.kill('SIGHUP')
  await bridge.logged('configuration reloaded')
  bridge.kill('SIGTERM')
  expect(await bridge.ended).toEqual({ status: 0, signal: null })
})

test('exits and names the CDR file or the state folder if the bridge has no permission for it', async () => {
  // Root may read everything, so as root the test runs the bridge as the user nobody.
  const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}
  const closed = join(world.folder, 'closed.jsonl')
  await writeFile(closed, '', { mode: 0o000 })
  const shut = join(world.folder, 'shut')
  await mkdir(shut, { mode: 0o500 })
  const key = join(world.folder, 'nobody.key')
  await copyFile(join(world.folder, 'bridge.key'), key)
  await chmod(key, 0o600)
  if (nobody.uid !== undefined) await chown(key, nobody.uid, nobody.gid)
  const stateFolder = await mkdtemp(join(tmpdir(), 'switchhook-state-'))
  await chmod(world.folder, 0o755)
  await chmod(stateFolder, 0o777)
  const table = [
    [{ stateFolder, cdr: { file: closed } }, 66, /closed\.jsonl cannot be read \(EACCES\)/],
    [{ stateFolder: join(shut, 'state') }, 73, /the state folder \S+ cannot be written \(EACCES\)/],
  ] as const
  try {
    for (const [overrides, status, says] of table) {
      const config = await configured({ key: { id: 'k1', privateKeyFile: key }, ...overrides })
      await using bridge = new BridgeProcess(config, nobody)
      expect((await bridge.ended).status).toBe(status)
      expect(bridge.stderr).toMatch(says)
    }
  } finally {
    await rm(stateFolder, { recursive: true })
  }
})

test('exits with 66 and names the configuration file if it does not exist', async () => {
  await using bridge = new BridgeProcess('/nowhere/bridge.json')
  expect((await bridge.ended).status).toBe(66)
  expect(bridge.stderr).toMatch(/the configuration \/nowhere\/bridge\.json does not exist: pass its path with --config/)
})
