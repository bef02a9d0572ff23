import { generateKeyPairSync } from 'node:crypto'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as v from 'valibot'
import { expect, test } from 'vitest'
import { parseConfig, readConfig, withoutSecrets } from '../../bridge/config.ts'
import { configKeys } from '../../bridge/config-schema.ts'
import { FatalError } from '../../bridge/failure.ts'
import { readSigningKey } from '../../bridge/forward/signing-key.ts'
import { usageFault } from '../../bridge/usage.ts'
import { fieldText } from '../../contracts/field.ts'

const good = {
  site: 'lyon-1',
  region: 'eu-west-3',
  stateFolder: '/var/lib/switchhook',
  ari: { url: 'http://127.0.0.1:8088/ari', user: 'bridge', password: 'canary-of-the-test' },
  cdr: { file: '/var/log/asterisk/cdr-custom/cdr.jsonl' },
  queues: {
    live: 'https://sqs.eu-west-3.amazonaws.com/123456789012/live',
    records: 'http://127.0.0.1:4566/000000000000/records',
    commands: 'http://127.0.0.1:4566/000000000000/commands',
  },
  key: { id: 'k1', privateKeyFile: '/etc/switchhook/bridge.key' },
}

function sentence(config: unknown): string {
  try {
    parseConfig(typeof config === 'string' ? config : JSON.stringify(config), 'bridge.json')
  } catch (error) {
    if (error instanceof FatalError) return error.message
    throw error
  }
  return 'accepted'
}

test('accepts a valid configuration and fills in the defaults', () => {
  expect(parseConfig(JSON.stringify(good), 'bridge.json')).toMatchObject({
    ari: { application: 'switchhook-events' },
    logLevel: 'info',
  })
})

test('one error names every wrong key of the configuration and shows no value', () => {
  const bad = {
    ...good,
    site: 'UPPER',
    ari: { ...good.ari, url: 'canary-of-the-test', user: 7 },
    queues: {},
    colour: 'canary-of-the-test',
  }
  const said = sentence(bad)
  for (const key of ['site', 'ari.url', 'ari.user', 'queues.live', 'queues.records', 'queues.commands', 'colour']) {
    expect(said).toContain(`${key} `)
  }
  expect(said).not.toContain('canary-of-the-test')
  expect(said).not.toContain('UPPER')
})

test.each([
  [{ ...good, ari: { ...good.ari, pasword: 'x' } }, 'ari.pasword is an unknown key (is it ari.password?)'],
  [{ ...good, stateDir: '/x', statefolder: '/x' }, 'statefolder is an unknown key (is it stateFolder?)'],
  [{ ...good, password: 'x' }, 'password is an unknown key (is it ari.password?)'],
  [{ ...good, cdr: { ...good.cdr, Zone: 'UTC' } }, 'cdr.Zone is an unknown key (is it cdr.zone?)'],
  [{ ...good, menus: { key: 'x', file: ['x'] } }, 'menus.file is an unknown key (is it menus.files?)'],
  [{ ...good, colour: 'x' }, 'colour is an unknown key'],
])('suggests the key that a wrong one resembles: %#', (config, words) => {
  expect(sentence(config).split(/: |; /)).toContain(words)
})

test('shows a configuration without its secrets', () => {
  const secrets = {
    ami: { port: 5038, user: 'bridge', password: 'canary-of-the-test' },
    menus: { key: 'canary-of-the-test' },
  }
  const shown = JSON.stringify(withoutSecrets(parseConfig(JSON.stringify({ ...good, ...secrets }), 'bridge.json')))
  expect(shown).not.toContain('canary-of-the-test')
  expect(shown).toContain('"switchhook-events"')
})

test.each([
  ['a password in the ARI address', { ...good, ari: { ...good.ari, url: 'http://u:canary-of-the-test@h:8088/ari' } }],
  ['an ARI address without its path', { ...good, ari: { ...good.ari, url: 'http://127.0.0.1:8088' } }],
  ['a password that is an object', { ...good, ari: { ...good.ari, password: { canary: 'canary-of-the-test' } } }],
  ['text in place of an object', { ...good, ari: 'canary-of-the-test' }],
  ['a health port above 65535', { ...good, health: { port: 70_000 } }],
  ['null', null],
  ['a file that is not JSON', '{"password":"canary-of-the-test"'],
])('rejects %s without showing the value', (_what, config) => {
  const said = sentence(config)
  expect(said).toMatch(/^the configuration bridge\.json is (invalid: |not valid JSON)/)
  expect(said).not.toContain('canary-of-the-test')
})

test('the error names the configuration file if it does not exist', async () => {
  await expect(readConfig('/nowhere/bridge.json')).rejects.toThrow('/nowhere/bridge.json does not exist')
})

test('accepts a signing key only if it is Ed25519 and readable by its owner alone', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'switchhook-key-'))
  const file = join(folder, 'bridge.key')
  const put = async (text: string | Buffer, mode: number) => {
    await writeFile(file, text)
    await chmod(file, mode)
  }
  try {
    const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' })
    await expect(readSigningKey(file)).rejects.toMatchObject({ errorId: 'key-unreadable' })
    await put(pem, 0o640)
    await expect(readSigningKey(file)).rejects.toMatchObject({ errorId: 'key-too-open' })
    await put('not a key', 0o600)
    await expect(readSigningKey(file)).rejects.toMatchObject({ errorId: 'key-invalid' })
    await put(
      generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }),
      0o600,
    )
    await expect(readSigningKey(file)).rejects.toMatchObject({ errorId: 'key-invalid' })
    await put(pem, 0o600)
    expect((await readSigningKey(file))(Buffer.from('x'))).toHaveLength(64)
  } finally {
    await rm(folder, { recursive: true })
  }
})

test.each([
  ['enrollment', 'enrollment is an unknown key (is it enrolment?)'],
  ['Enrolment', 'Enrolment is an unknown key (is it enrolment?)'],
  ['enrolment', 'enrolment must be the file that switchhook-bridge enroll wrote'],
])('helps with the key %s, which stands for others', (key, words) => {
  expect(sentence({ ...good, [key]: 7 }).split(/: |; /)).toContain(words)
})

test('names every key of the schema that is misspelt by one letter', () => {
  for (const { path } of configKeys()) {
    const names = path.split('.')
    const last = names.at(-1) ?? ''
    const misspelt = [...names.slice(0, -1), `${last.slice(0, -1)}${last.at(-1) === 'q' ? 'z' : 'q'}`]
    const json = misspelt.reduceRight<unknown>((inner, name) => ({ [name]: inner }), 'x')
    expect(sentence(json)).toMatch(new RegExp(`${misspelt.join('[.]')} is an unknown key \\(is it `))
  }
})

test('tells where a file is not JSON, and reads one with a byte order mark', () => {
  expect(sentence('{\n  "site": "lyon-1",\n}')).toMatch(/is not valid JSON \(line 3 column 1\): correct it/)
  expect(sentence(`\uFEFF${JSON.stringify(good)}`)).toBe('accepted')
})

test('every key of the schema has a text in the documents, and an example that it accepts', () => {
  for (const { path, schema } of configKeys()) {
    const text = fieldText(schema)
    expect(text?.description, path).toMatch(/\.$/)
    if (text?.example !== undefined)
      expect(v.safeParse(schema as v.GenericSchema, text.example).success, path).toBe(true)
  }
})

test('every secret of the schema is hidden from --print-config', () => {
  const secretKeys = configKeys().flatMap(({ path }) => (/password$|secret|^menus\.key$/.test(path) ? path : []))
  expect(secretKeys).toEqual(['ari.password', 'ami.password', 'menus.key'])
})

test.each([
  ['chek', 'unknown command (is it check?)'],
  ['quarantene', 'unknown command (is it quarantine?)'],
  ['a-secret', 'unknown command: '],
  ['--conifg=/etc/x', '--conifg is an unknown option (is it --config?)'],
  ['--print_config', '--print_config is an unknown option (is it --print-config?)'],
  ['--verbose', '--verbose is an unknown option: '],
])('an argument that is no command and no option, %s, is answered by the one that was meant', (argument, words) => {
  const said = usageFault(argument)
  expect(said).toContain(words)
  expect(said).not.toContain('a-secret')
  expect(said).toMatch(/: see switchhook-bridge --help$/)
})
