import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseConfig } from '../../bridge/config.ts'
import { createLog, type LogLevel } from '../../bridge/operate/log.ts'
import { differingKeys, reloadConfig } from '../../bridge/reload-config.ts'

const good = {
  site: 'lyon-1',
  region: 'eu-west-3',
  stateFolder: '/var/lib/switchhook',
  ari: { url: 'http://127.0.0.1:8088/ari', user: 'bridge', password: 'canary-before' },
  cdr: { file: '/var/log/asterisk/cdr-custom/switchhook.csv' },
  queues: Object.fromEntries(
    ['live', 'records', 'commands'].map((name) => [name, `https://sqs.eu-west-3.amazonaws.com/1/${name}`]),
  ),
  key: { id: 'k1', privateKeyFile: '/etc/switchhook/bridge.key' },
}
let folder: string
let file: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reload-'))
  file = join(folder, 'bridge.json')
})
afterAll(() => rm(folder, { recursive: true }))

/** Reloads after the file was changed to `text`; returns the log, and the level that holds then. */
async function reload(text: string): Promise<{ lines: Record<string, unknown>[]; level: LogLevel }> {
  let level: LogLevel = 'info'
  const lines: Record<string, unknown>[] = []
  const log = createLog({ level: () => level, write: (line) => lines.push(JSON.parse(line)) })
  const setLogLevel = (fresh: LogLevel) => {
    level = fresh
  }
  await writeFile(file, text)
  await reloadConfig(file, { config: parseConfig(JSON.stringify(good), file), setLogLevel }, log)
  return { lines, level }
}

test('applies the log level, and names no key that stayed', async () => {
  const { lines, level } = await reload(JSON.stringify({ ...good, logLevel: 'debug' }))
  expect(level).toBe('debug')
  expect(lines.map(({ event }) => event)).toEqual(['configuration reloaded'])
})

test('names the keys that need a restart, and none of their values', async () => {
  const changed = { ...good, ari: { ...good.ari, password: 'canary-after' }, health: { port: 8921 }, logLevel: 'warn' }
  const { lines, level } = await reload(JSON.stringify(changed))
  expect(level).toBe('warn')
  expect(lines).toMatchObject([{ event: 'configuration needs a restart', keys: 'ari.password, health' }])
  expect(JSON.stringify(lines)).not.toContain('canary')
})

test.each([
  ['is not valid JSON', '{', 'config-not-json'],
  ['has a wrong key', JSON.stringify({ ...good, logLevel: 'debug', sites: 'x' }), 'config-invalid'],
])('a configuration that %s changes nothing', async (_how, text, errorId) => {
  const { lines, level } = await reload(text)
  expect(level).toBe('info')
  expect(lines).toMatchObject([{ level: 'error', event: 'configuration not reloaded', errorId }])
})

test('compares lists and absent keys', () => {
  expect(differingKeys({ a: [1, 2], b: { c: 1 } }, { a: [1, 3], b: { c: 1, d: 2 } })).toEqual(['a', 'b.d'])
  expect(differingKeys({ a: { b: 1 } }, {})).toEqual(['a'])
})
