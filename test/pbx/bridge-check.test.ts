import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runChecks } from '../../bridge/check/run-checks.ts'
import { type BridgeConfig, readConfig } from '../../bridge/config.ts'
import type { Check } from '../../bridge/operate/checks.ts'
import { metricCatalogue } from '../../bridge/operate/metrics/metric-catalogue.ts'
import { buildBridgeProgram } from '../../infra/start/build.ts'
import { sharedDeployment } from '../support/deployment.ts'
import { parseMetrics } from '../support/prometheus.ts'
import { faultyConfigs } from './support/faulty-configs.ts'
import { type Stack, startStackOn } from './support/stack.ts'

/**
 * Goal: `switchhook-bridge check` finds nothing on a good machine, names each fault of a bad one, and its repair works.
 * Method: a real Asterisk, the packaged functions, and the configuration of a bridge that runs; one fault at a time.
 */
let it: Stack
let good: BridgeConfig
let temporary: string
/** A TCP port on which nothing listens. */
let closedPort: number
beforeAll(async () => {
  it = await startStackOn(sharedDeployment())
  good = await readConfig(path.join(it.bridgeFolder, 'bridge.json'))
  temporary = await mkdtemp(path.join(tmpdir(), 'check-'))
  const closed = await listen()
  closedPort = portOf(closed)
  closed.close()
})
afterAll(async () => {
  await it?.[Symbol.asyncDispose]()
  await rm(temporary, { recursive: true, force: true })
})

async function listen(): Promise<Server> {
  const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}
function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address ? address.port : 0
}

const etc = () => path.join(path.dirname(it.pbx.pbx.logFile), '..', 'etc')
/** Without the speed of this machine's disk, which other programs may keep busy. */
const faultsOf = (checks: readonly Check[]) => checks.filter(({ id, state }) => state !== 'ok' && id !== 'disk')

/** Runs the bridge's bundle as a person does. */
async function command(...args: string[]): Promise<string> {
  const program = await buildBridgeProgram(process.cwd())
  return (await promisify(execFile)(process.execPath, [program, ...args])).stdout
}

test('finds nothing to repair beside a bridge that works', async () => {
  const config = path.join(it.bridgeFolder, 'bridge.json')
  const { checks } = JSON.parse(await command('check', '--config', config, '--etc', etc(), '--json'))
  expect(faultsOf(checks)).toEqual([])
  expect(checks.map(({ id }: Check) => id)).toEqual([
    'config',
    'bridge',
    'state-folder',
    'disk',
    'key',
    'clock',
    'session',
    'sqs',
    'ari',
    'asterisk-version',
    'asterisk-modules',
    'ami',
    'cdr-back-end',
    'cdr-settings',
    'cdr-unanswered',
    'cdr-batch',
    'cdr-mapping',
    'cdr-file',
  ])
})

test('the command says its version, its help, and its configuration without the secrets', async () => {
  expect(await command('--version')).toBe(`${JSON.parse(await readFile('package.json', 'utf8')).version}\n`)
  expect(await command('--help')).toContain('switchhook-bridge check --config FILE')
  const shown = await command('--print-config', '--config', path.join(it.bridgeFolder, 'bridge.json'))
  expect(JSON.parse(shown)).toMatchObject({ site: it.site.site, logLevel: 'info', ari: { password: '(hidden)' } })
  for (const secret of [good.ari.password, good.ami?.password ?? '']) expect(shown).not.toContain(secret)
})

test.each(faultyConfigs)('names %s', async (_fault, id, state, reason, change) => {
  const checks = await runChecks({ ...good, ...change(good, { closedPort, temporary }) }, etc())
  const [found] = faultsOf(checks).filter((check) => check.id === id)
  expect(found).toMatchObject({ id, state, reason: expect.stringMatching(reason), repair: expect.any(String) })
})

test('names a port of /healthz that another program has', async () => {
  const other = await listen()
  const health = { port: portOf(other) }
  const checks = await runChecks({ ...good, stateFolder: temporary, health }, etc())
  other.close()
  expect(faultsOf(checks)).toMatchObject([{ id: 'bridge', state: 'failed' }])
})

/** A file of Asterisk's configuration, its fault, and the checks that name it. */
const faultyFiles: [file: string, from: RegExp, to: string, faults: object[]][] = [
  ['cdr.conf', /unanswered = yes/, 'unanswered = no', [{ id: 'cdr-unanswered', state: 'warning' }]],
  ['cdr.conf', /batch = no/, 'batch = yes ; to spare the disk', [{ id: 'cdr-batch', state: 'warning' }]],
  ['cdr.conf', /enable = yes/, 'enable=no', [{ id: 'cdr-settings', state: 'failed' }]],
  ['cdr_custom.conf', /switchhook\.csv/, 'Master.csv', [{ id: 'cdr-mapping', state: 'failed' }]],
  ['cdr_custom.conf', /^switchhook\.csv/m, ';switchhook.csv', [{ id: 'cdr-mapping', state: 'failed' }]],
]
test.each(faultyFiles)(
  'names the fault of %s after %s became %s, and its repair works',
  async (file, from, to, faults) => {
    const folder = path.join(temporary, 'etc')
    await cp(etc(), folder, { recursive: true })
    const before = await readFile(path.join(folder, file), 'utf8')
    await writeFile(path.join(folder, file), before.replace(from, to))
    const config = { ...good, cdr: { ...good.cdr, file: path.join(temporary, 'switchhook.csv') } }
    await writeFile(config.cdr.file, '')
    const found = faultsOf(await runChecks(config, folder))
    expect(found).toMatchObject(faults)
    // What a person does: paste the lines that look like settings at the end of the file.
    const lines = found.flatMap(({ repair = '' }) =>
      repair.split('\n').filter((line) => /^(\[|[\w.]+ =>? )/.test(line)),
    )
    const changed = await readFile(path.join(folder, file), 'utf8')
    await writeFile(path.join(folder, file), `${changed}\n${lines.join('\n')}\n`)
    expect(faultsOf(await runChecks(config, folder))).toEqual([])
  },
)

test('beside a real Asterisk every component is up with a reason, and metrics, top and the API have its version', async () => {
  const port = it.pbx.sparePort
  const health = JSON.parse(await it.health())
  for (const component of Object.values(health.components))
    expect(component).toMatchObject({ status: 'up', reason: expect.any(String), since: expect.stringMatching(/^20/) })
  expect(Object.keys(health.components)).toEqual(expect.arrayContaining(['ari', 'ami', 'queues', 'cdrs', 'commands']))
  const metrics = parseMetrics(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text())
  expect([...metrics.keys()].filter((name) => !metricCatalogue().has(name))).toEqual([])
  expect(metrics.get('switchhook_bridge_info')?.samples[0]?.labels).toEqual({
    version: health.version,
    asterisk: health.asterisk,
  })
  expect(await command('top', '--port', String(port), '--once')).toMatch(/UP: all \d+ components/)
  // A quiet bridge sends a heartbeat each ten seconds.
  const status = async () => {
    const key = it.site.apiKey
    return (await it.deployment.call('GET', `/v1/sites/${it.site.site}/bridge`, { key })).json()
  }
  await expect.poll(status).toMatchObject({
    bridge: { state: 'connected', version: health.version },
    pbx: { state: 'up', version: health.asterisk },
    checks: expect.arrayContaining([{ id: 'queues', state: 'ok' }]),
  })
})

test('Asterisk itself takes a setting that a repair continues the section with, at the end of the file', async () => {
  const { pbx } = it.pbx
  const file = path.join(etc(), 'cdr.conf')
  const before = await readFile(file, 'utf8')
  const unanswered = async () => {
    await pbx.cli('module reload cdr')
    return /Log unanswered calls:\s*(\w+)/.exec(await pbx.cli('cdr show status'))?.[1]
  }
  expect(await unanswered()).toBe('Yes')
  await writeFile(file, `${before}\n[general](+)\nunanswered = no\n`)
  expect(await unanswered()).toBe('No')
  await writeFile(file, before)
  expect(await unanswered()).toBe('Yes')
})

test('names a module that is not loaded, and the line that loads it', async () => {
  const pbx = it.pbx.pbx
  for (const [module, id] of [
    ['cdr_custom', 'cdr-back-end'],
    ['res_ari_device_states', 'asterisk-modules'],
  ]) {
    await pbx.cli(`module unload ${module}.so`)
    if (module === 'cdr_custom') await pbx.cli('module unload cdr_csv.so')
    const [found] = faultsOf(await runChecks(good, etc()))
    expect(found).toMatchObject({ id, state: 'failed' })
    const [, command = ''] = /asterisk -rx "(module load [^"]+)"/.exec(found?.repair ?? '') ?? []
    await pbx.cli(command)
    expect(faultsOf(await runChecks(good, etc()))).toEqual([])
  }
})

test('names users of ARI and AMI who may not do what the bridge does', async () => {
  const folder = etc()
  const pbx = it.pbx.pbx
  await writeFile(
    path.join(folder, 'ari.conf'),
    `${await readFile(path.join(folder, 'ari.conf'), 'utf8')}
[looker]
type = user
read_only = yes
password = looker
`,
  )
  await writeFile(
    path.join(folder, 'manager.conf'),
    `${await readFile(path.join(folder, 'manager.conf'), 'utf8')}
[nobody]
secret = nobody
read = log
write = log
`,
  )
  await pbx.cli('module reload res_ari.so')
  await pbx.cli('manager reload')
  const found = faultsOf(
    await runChecks(
      {
        ...good,
        ari: { ...good.ari, user: 'looker', password: 'looker' },
        ami: { host: '127.0.0.1', port: pbx.amiPort, user: 'nobody', password: 'nobody' },
      },
      folder,
    ),
  )
  expect(found).toMatchObject([
    { id: 'ari', state: 'failed', reason: expect.stringContaining('read-only') },
    {
      id: 'ami',
      state: 'warning',
      reason: expect.stringMatching(
        /refuses nobody: MailboxCount, Getvar, DBGet, PJSIPShow.*no events of class call: .*no events of class agent/,
      ),
    },
  ])
})
