import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runCommandLine } from '../../cli/main.ts'
import {
  FilesKeptByHandError,
  SecretsInvalidError,
  SecretsMissingError,
  SiteInvalidError,
} from '../../infra/asterisk/errors.ts'
import { type RenderFolderOptions, renderFolder } from '../../infra/asterisk/render-folder.ts'
import { unifiedDiff } from '../../infra/asterisk/write/difference.ts'
import { writePlan } from '../../infra/asterisk/write/folder.ts'
import { propertyRuns } from '../support/property.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'render-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const small = `site: small
systemName: pbx1
extensions:
  - { number: '60', endpoint: '5860', name: Phone 60, mailbox: '6000' }
  - { number: '61', endpoint: '5861', name: Phone 61 }
trunks:
  - { name: out, host: sip.example, register: { user: '4711' }, numbers: [{ number: '0479000060', extension: '60' }] }
`
const environment = { SWITCHHOOK_PBX_TRUNK_OUT: 'given; by provider' }

async function render(yaml: string, more: Partial<RenderFolderOptions> = {}) {
  const site = join(folder, 'site.yaml')
  await writeFile(site, yaml)
  return renderFolder({
    ...{ site, folder: join(folder, 'out'), version: 22, secretsFile: join(folder, 'secrets.json'), environment },
    ...{ manner: 'refuse', isDry: false },
    ...more,
  })
}
const file = (name: string) => readFile(join(folder, 'out', name), 'utf8')
const names = async (path: string) => (await readdir(path)).sort()

test('writes every file with mode 0600, and the second time nothing', async () => {
  const first = await render(small)
  expect(first.written).toEqual(
    expect.arrayContaining(
      'pjsip extensions voicemail manager ari http cdr cdr_custom modules rtp logger acl queues websocket_client'
        .split(' ')
        .map((name) => `${name}.conf`),
    ),
  )
  for (const name of first.written) expect((await stat(join(folder, 'out', name))).mode & 0o777).toBe(0o600)
  expect((await stat(join(folder, 'secrets.json'))).mode & 0o777).toBe(0o600)
  expect(await names(folder)).toEqual(['out', 'secrets.json', 'site.yaml'])
  expect((await render(small)).written).toEqual([])
  // The same secrets give the same files in another folder.
  await render(small, { folder: join(folder, 'other') })
  for (const name of first.written) expect(await readFile(join(folder, 'other', name), 'utf8')).toBe(await file(name))
})

test('takes the password of a trunk from the environment, escapes it, and keeps it out of the file of secrets', async () => {
  await render(small)
  expect(await file('pjsip.conf')).toContain('password = given\\; by provider\n')
  expect(await readFile(join(folder, 'secrets.json'), 'utf8')).not.toContain('provider')
  await expect(render(small, { environment: {} })).rejects.toThrow(SecretsMissingError)
  await expect(render(small, { environment: {} })).rejects.toThrow(/out \(SWITCHHOOK_PBX_TRUNK_OUT\)/)
})

test.each([
  ['a line end', { SWITCHHOOK_PBX_TRUNK_OUT: 'two\nlines' }, 'the trunk out'],
  ['a space at its end', { SWITCHHOOK_PBX_TRUNK_OUT: 'word ' }, 'the trunk out'],
  ['few letters, for a phone', { ...environment, SWITCHHOOK_PBX_ENDPOINT_5860: '5860' }, 'the phone 5860'],
  ['a semicolon, for a phone', { ...environment, SWITCHHOOK_PBX_ENDPOINT_5860: 'long;enough;but' }, 'the phone 5860'],
  ['letters, for a mailbox', { ...environment, SWITCHHOOK_PBX_MAILBOX_6000: 'abcd' }, 'the mailbox 6000'],
])('refuses a secret with %s without printing it, and writes nothing', async (_, variables, what) => {
  const failure = await render(small, { environment: variables }).catch((error) => error)
  expect(failure).toBeInstanceOf(SecretsInvalidError)
  expect(failure.message).toContain(what)
  for (const value of Object.values(variables)) expect(failure.message).not.toContain(`(${value}`)
  expect(await names(folder)).toEqual(['site.yaml'])
})

test('refuses a damaged file of secrets and leaves it, because the phones have these passwords', async () => {
  await writeFile(join(folder, 'secrets.json'), '{"ariBridge":')
  await expect(render(small)).rejects.toThrow(SecretsInvalidError)
  expect(await readFile(join(folder, 'secrets.json'), 'utf8')).toBe('{"ariBridge":')
  expect(await names(folder)).toEqual(['secrets.json', 'site.yaml'])
})

test('keeps the secrets of phones that were removed, for the day when they come back', async () => {
  await render(small)
  const before = JSON.parse(await readFile(join(folder, 'secrets.json'), 'utf8'))
  await render(small.replace(/^.*5861.*\n/m, ''))
  expect(await file('pjsip.conf')).not.toContain('5861')
  expect(JSON.parse(await readFile(join(folder, 'secrets.json'), 'utf8'))).toEqual(before)
})

/** One change of the small site that makes it wrong: what is replaced, by what, and where the error must point. */
const mistakes: [string, RegExp | string, string, string][] = [
  ['a list at the top', /[\s\S]*/, '- a\n', 'line 1, column 1'],
  ['an unknown key', 'systemName: pbx1', 'systemName: pbx1\ncolour: blue', 'line 3, column 1'],
  ['a section in a name', 'Phone 60', '"Eve]"', 'line 4, column 45'],
  ['a comment in a name', 'Phone 60', '"Eve; x"', 'line 4, column 45'],
  ['a line end in a name', 'Phone 60', '"Eve\\n[x]"', 'line 4, column 45'],
  ['a variable in a name', 'Phone 60', `'$\{SHELL(x)}'`, 'line 4, column 45'],
  ['a comma in a name', 'Phone 60', "'Eve,e@x'", 'line 4, column 45'],
  ['exten in a number', "'60'", "'60,1,System(x)'", 'line 4, column 15'],
  ['a variable in a number', "'60'", `'$\{EXTEN}'`, 'line 4, column 15'],
  ['a number without quotes', "'60'", '60', 'line 4, column 15'],
  ['a section in an endpoint', "'5860'", "'a]b'", 'line 4, column 31'],
  ['an ampersand in an endpoint', "'5860'", "'a&b'", 'line 4, column 31'],
  ['a doubled number', "'61'", "'60'", 'line 5, column 15'],
  ['a doubled endpoint', "'5861'", "'5860'", 'line 5, column 31'],
  ['a trunk named like a phone', 'name: out', "name: '5860'", 'line 7, column 13'],
  ['a number of a code', "'61'", "'88888'", 'line 5, column 15'],
  ['a trunk number for nobody', "extension: '60'", "extension: '99'", 'line 7, column 110'],
  ['a host with a port', 'sip.example', "'sip.example:5060'", 'line 7, column 24'],
  ['a host with a line end', 'sip.example', '"a\\n[b]"', 'line 7, column 24'],
  ['an account with a semicolon', "'4711'", "'4711;x'", 'line 7, column 55'],
  [
    'a mailbox for nobody',
    '$',
    "groups: [{ number: '70', extensions: ['60', '61'], otherwise: { mailbox: '6001' } }]",
    'line 8, column 74',
  ],
  ['a group of strangers', '$', "groups: [{ number: '70', extensions: ['60', '62'] }]", 'line 8, column 45'],
  ['a queue of strangers', '$', "queues: [{ number: '70', extensions: ['62'] }]", 'line 8, column 39'],
  [
    'a greeting that leaves the folder',
    '$',
    "ivrs: [{ number: '70', greeting: '../x', keys: {} }]",
    'line 8, column 34',
  ],
  [
    'a key that no phone has',
    '$',
    "ivrs: [{ number: '70', greeting: x, keys: { A: { extension: '60' } } }]",
    'line 8, column 45',
  ],
  ['a target that is nothing', '$', "ivrs: [{ number: '70', greeting: x, keys: { '1': {} } }]", 'line 8, column 50'],
  ['a range that runs backwards', '$', "ranges: [{ from: '300', to: '200' }]", 'line 8, column 29'],
  ['a range over a listed number', '$', "ranges: [{ from: '59', to: '62' }]", 'line 8, column 10'],
  ['a range with a section in its name', '$', "ranges: [{ from: '200', to: '201', name: '[x]' }]", 'line 8, column 42'],
  [
    'a time that is none',
    '$',
    "hours: [{ number: '70', open: [{ days: [mon], from: '8:00', to: '9:00' }], during: { extension: '60' }, outside: { extension: '61' } }]",
    'line 8, column 53',
  ],
  [
    'a call that runs in a circle',
    '$',
    "groups: [{ number: '70', extensions: ['60', '61'], otherwise: { extension: '70' } }]",
    'line 8, column 63',
  ],
  [
    'a route to no trunk',
    '$',
    "outside: { routes: [{ name: a, numbers: ['0X.'], trunks: [other] }] }",
    'line 8, column 59',
  ],
  [
    'a pattern with a comma',
    '$',
    "outside: { routes: [{ name: a, numbers: ['X,1'], trunks: [out] }] }",
    'line 8, column 42',
  ],
  [
    'an emergency number of a phone',
    '$',
    "outside: { emergency: ['60'], routes: [{ name: a, numbers: ['X'], trunks: [out] }] }",
    'line 4, column 15',
  ],
  ['TLS without a certificate', 'name: Phone 61', 'name: Phone 61, connect: tls', 'line 5, column 64'],
  [
    'a zone that is none',
    '$',
    "hours: [{ number: '70', zone: Mars, open: [{ days: [mon], from: '08:00', to: '09:00' }], during: { extension: '60' }, outside: { extension: '61' } }]",
    'line 8, column 31',
  ],
  ['a listener with a space', '$', "bridge: { listener: 'ws://a b' }", 'line 8, column 21'],
  ['a doubled key', '$', 'site: again', 'line 8, column 1'],
  ['YAML that is none', 'name: Phone 60', 'name: Phone: 60', 'line 4, column'],
]

test.each(mistakes)('refuses %s with line and column, and writes nothing', async (_, what, by, place) => {
  const wrong = what === '$' ? `${small}${by}\n` : small.replace(what, () => by)
  const failure = await render(wrong).catch((error) => error)
  expect(failure).toBeInstanceOf(SiteInvalidError)
  expect(failure.message).toContain(place)
  expect(await names(folder)).toEqual(['site.yaml'])
})

test('refuses files of someone else and files that were changed by hand, and writes nothing', async () => {
  await mkdir(join(folder, 'out'))
  await writeFile(join(folder, 'out', 'pjsip.conf'), '[mine]\ntype = endpoint\n')
  await expect(render(small)).rejects.toThrow(FilesKeptByHandError)
  expect(await names(join(folder, 'out'))).toEqual(['pjsip.conf'])
  expect(await names(folder)).toEqual(['out', 'site.yaml'])
  const { replaced } = await render(small, { manner: 'replace' })
  expect(replaced).toEqual(['pjsip.conf'])
  expect(await readFile(join(folder, 'out', 'replaced-by-switchhook', 'pjsip.conf'), 'utf8')).toContain('[mine]')
  await writeFile(join(folder, 'out', 'rtp.conf'), `${await file('rtp.conf')}strictrtp = no\n`)
  await expect(render(small)).rejects.toThrow(/rtp\.conf was changed by hand/)
})

test('adds marked blocks to a PBX that is kept by hand, renews them, and leaves the rest alone', async () => {
  const out = join(folder, 'out')
  await mkdir(out)
  const mine = {
    'pjsip.conf': '[global]\ntype=global\n[transport-udp]\ntype=transport\nprotocol=udp\nbind=0.0.0.0\n',
    'extensions.conf': '[general]\nstatic=yes\n[default]\nexten => 1,1,Answer()\n',
    'modules.conf': '[modules]\nautoload=yes\n',
    'http.conf': '[general]\nbindport=8000\n',
    'rtp.conf': '[general]\nrtpstart=5000\n',
  }
  for (const [name, text] of Object.entries(mine)) await writeFile(join(out, name), text)
  await render(small, { manner: 'blocks' })
  const pjsip = await file('pjsip.conf')
  expect(pjsip).toContain(mine['pjsip.conf'])
  expect(pjsip).not.toContain('[udp]')
  expect(pjsip.match(/^type = global/gm)).toBeNull()
  expect(pjsip).toContain('transport = transport-udp\n')
  expect(await file('extensions.conf')).not.toContain('writeprotect')
  expect(await file('modules.conf')).toMatch(/autoload=yes\n; BEGIN[^\n]*\n\[modules\]\(\+\)\nload = /)
  expect(await file('modules.conf')).not.toContain('autoload = no')
  expect(await file('http.conf')).toContain('[general](+)\nenabled = yes\nbindaddr = 127.0.0.1\n')
  expect(await file('rtp.conf')).toBe(mine['rtp.conf'])
  expect(await names(out)).not.toContain('asterisk.conf')
  expect((await render(small)).written).toEqual([])
  // A person writes below the block; a second rendering changes the block only.
  await writeFile(join(out, 'extensions.conf'), `${await file('extensions.conf')}[below]\nexten => 2,1,Answer()\n`)
  const { written } = await render(small.replace('Phone 61', 'Bob').replace("'61'", "'62'"))
  expect(written.toSorted()).toEqual(['extensions.conf', 'pjsip.conf'])
  const plan = await file('extensions.conf')
  expect(plan.startsWith(mine['extensions.conf'])).toBe(true)
  expect(plan.endsWith('[below]\nexten => 2,1,Answer()\n')).toBe(true)
  expect(plan).toContain('exten => 62,1,')
  expect(plan).not.toContain('exten => 61,1,')
  await writeFile(join(out, 'extensions.conf'), plan.replace('; END switchhook', ''))
  await expect(render(small)).rejects.toThrow(/extensions\.conf has damaged marks/)
})

test('refuses a block whose sections a person has already', async () => {
  await mkdir(join(folder, 'out'))
  await writeFile(join(folder, 'out', 'extensions.conf'), '[internes]\nexten => 1,1,Answer()\n')
  await expect(render(small, { manner: 'blocks' })).rejects.toThrow(
    /extensions\.conf already has the sections internes/,
  )
  expect(await names(join(folder, 'out'))).toEqual(['extensions.conf'])
})

test('takes back what was written if one file of the folder cannot be replaced', async () => {
  const out = join(folder, 'out')
  await mkdir(join(out, 'b.conf', 'full'), { recursive: true })
  await writeFile(join(out, 'a.conf'), 'before')
  const writes = new Map([
    ['a.conf', 'after'],
    ['new.conf', 'after'],
    ['b.conf', 'after'],
  ])
  await expect(writePlan(out, { writes, replaced: [], conflicts: [] })).rejects.toThrow()
  expect(await file('a.conf')).toBe('before')
  expect(await names(out)).toEqual(['a.conf', 'b.conf'])
})

test('shows a difference without passwords and writes nothing', async () => {
  await render(small)
  const { difference, written } = await render(small.replace('Phone 61', 'Bob'), { isDry: true })
  expect(difference).toContain('-callerid = "Phone 61" <61>\n+callerid = "Bob" <61>\n')
  const all = await render(small, { isDry: true, folder: join(folder, 'nowhere') })
  const secrets = JSON.parse(await readFile(join(folder, 'secrets.json'), 'utf8'))
  for (const secret of [secrets.ariBridge, secrets.endpoints['5860'], secrets.mailboxes['6000'], 'given'])
    expect(all.difference).not.toContain(secret)
  expect(written).toContain('pjsip.conf')
  expect(await file('pjsip.conf')).toContain('"Phone 61"')
  expect(await names(folder)).toEqual(['out', 'secrets.json', 'site.yaml'])
})

/** Applies a unified difference, as `patch` does. */
function applied(before: string, difference: string): string {
  const lines = before === '' ? [] : before.slice(0, -1).split('\n')
  const out: string[] = []
  let at = 0
  for (const hunk of difference.split(/^@@ /m).slice(1)) {
    const [head = '', ...body] = hunk.split('\n')
    const [, start, count] = /^-(\d+),(\d+)/.exec(head) ?? []
    const from = Number(start) - (Number(count) > 0 ? 1 : 0)
    out.push(...lines.slice(at, from))
    out.push(...body.filter((line) => /^[ +]/.test(line)).map((line) => line.slice(1)))
    at = from + Number(count)
  }
  return [...out, ...lines.slice(at), ''].join('\n')
}

test('a difference, applied to the old text, gives the new one', () => {
  const someText = fc
    .array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 40 })
    .map((lines) => [...lines, ''].join('\n'))
  fc.assert(
    fc.property(someText, someText, (before, after) => {
      expect(applied(before, unifiedDiff('x', before, after))).toBe(after === '' ? '\n'.slice(1) : after)
    }),
    { numRuns: propertyRuns(200) },
  )
})

test('leaves out what an older Asterisk lacks', async () => {
  const yaml = `${small}bridge: { listener: 'ws://127.0.0.1:7070/' }\n`
  await render(yaml)
  expect(await file('modules.conf')).toContain('res_websocket_client')
  expect(await file('websocket_client.conf')).toContain('uri = ws://127.0.0.1:7070/\n')
  expect(await file('ari.conf')).toContain('type = outbound_websocket')
  await render(yaml, { version: 16 })
  expect(await file('modules.conf')).not.toMatch(/res_websocket_client|res_cdrel_custom/)
  expect(await file('ari.conf')).not.toContain('outbound_websocket')
})

test('the command prints what it wrote, and ends with 65 and one sentence if the site is wrong', async () => {
  const printed: string[] = []
  const keep = (line: unknown) => void printed.push(String(line))
  const { log, error } = console
  Object.assign(console, { log: keep, error: keep })
  try {
    const site = join(folder, 'site.yaml')
    await writeFile(site, small.replace(/^trunks:\n.*\n/m, ''))
    const out = join(folder, 'out')
    expect(await runCommandLine(['pbx', 'render', site, '--out', out, '--diff'])).toBe(3)
    expect(await names(folder)).toEqual(['site.yaml'])
    expect(await runCommandLine(['pbx', 'render', site, '--out', out])).toBe(0)
    expect(printed.at(-1)).toMatch(/22 files written/)
    expect(await runCommandLine(['pbx', 'render', site, '--out', out, '--diff'])).toBe(0)
    await writeFile(site, 'site: x\n')
    expect(await runCommandLine(['pbx', 'render', site, '--out', out])).toBe(65)
    expect(printed.at(-1)).toMatch(/site\.yaml is not a valid site; .*systemName is missing \(line 1, column 1\)/)
    expect(await runCommandLine(['pbx', 'render', join(folder, 'none.yaml'), '--out', out])).toBe(65)
    expect(await runCommandLine(['pbx', 'render', site, '--out', out, '--asterisk', '13'])).toBe(64)
  } finally {
    Object.assign(console, { log, error })
  }
})
