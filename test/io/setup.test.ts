import { chown, lstat, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:net'
import path from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { isTrue, readAsteriskConf, settingOf } from '../../bridge/check/asterisk-conf.ts'
import { undo } from '../../bridge/setup/apply.ts'
import { requireCloud } from '../../bridge/setup/command.ts'
import { diffOf } from '../../bridge/setup/diff.ts'
import { commit, stage, unstage, unwritable } from '../../bridge/setup/file-change.ts'
import { type Journal, journalPath, readJournal, writeJournal } from '../../bridge/setup/journal.ts'
import { parseSetupOptions } from '../../bridge/setup/options.ts'
import { makePlan, type Plan } from '../../bridge/setup/plan.ts'
import { siteChangeOf } from '../../bridge/setup/site-settings.ts'
import { debianFiles, filesOf, freepbxFiles, issabelFiles, makeEtc } from '../support/foreign-etc.ts'

const opened: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of opened.splice(0)) await close()
})

async function pbxOf(files: Readonly<Record<string, string>>) {
  const made = await makeEtc(files)
  opened.push(() => rm(made.root, { recursive: true, force: true }))
  const folder = path.join(made.root, 'switchhook')
  const ports = ['--health-port', String(await freePort()), '--http-port', String(await freePort())]
  const more = [...ports, '--ami-port', String(await freePort()), '--state-folder', path.join(made.root, 'state')]
  const plan = (...args: string[]) =>
    makePlan(parseSetupOptions(['--dry-run', '--asterisk', made.mainFile, '--folder', folder, ...more, ...args]))
  return { ...made, folder, plan }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address ? address.port : 0
}

function journalOf(plan: Plan, folder: string, state: Journal['state'] = 'applied'): Journal {
  const [changes, reloads] = [[...plan.changes], [...plan.reloads]]
  const { controlSocket } = plan.asterisk
  return { version: 1, state, at: '2026-11-30T10:00:00Z', controlSocket, changes, made: [], folders: [folder], reloads }
}

const changed = (plan: Plan, etc: string) =>
  plan.changes.map(({ path: file }) => path.relative(etc, file)).filter((file) => !file.startsWith('..'))

/** What Asterisk reads in the end. */
async function wantedOf(etc: string) {
  const general = async (file: string) => (await readAsteriskConf(etc, file))?.get('general')
  const [http, ari, cdr] = [await general('http.conf'), await general('ari.conf'), await general('cdr.conf')]
  const user = (await readAsteriskConf(etc, 'ari.conf'))?.get('switchhook')
  const manager = (await readAsteriskConf(etc, 'manager.conf'))?.get('switchhook')
  const mapping = (await readAsteriskConf(etc, 'cdr_custom.conf'))?.get('mappings')
  return {
    http: isTrue(settingOf(http, 'enabled')),
    ari: isTrue(settingOf(ari, 'enabled')),
    unanswered: isTrue(settingOf(cdr, 'unanswered')),
    readOnly: settingOf(user, 'read_only'),
    rights: [settingOf(manager, 'read'), settingOf(manager, 'write'), settingOf(manager, 'permit')],
    mapping: settingOf(mapping, 'switchhook.csv')?.split('CSV_QUOTE').length,
  }
}
const ready = {
  http: true,
  ari: true,
  unanswered: true,
  readOnly: 'no',
  rights: ['call,agent,security', 'reporting', '127.0.0.1/255.255.255.255'],
  mapping: 26,
}

test.each([
  [
    'FreePBX',
    'freepbx',
    freepbxFiles,
    [
      'http_custom.conf',
      'ari_general_custom.conf',
      'ari_additional_custom.conf',
      'manager_custom.conf',
      'cdr_general_custom.conf',
      'cdr_custom.conf',
      'switchhook_freepbx.conf',
      'extensions_custom.conf',
    ],
  ],
  [
    'Issabel',
    'issabel',
    issabelFiles,
    [
      'ari.conf',
      'manager_custom.conf',
      'cdr_general_custom.conf',
      'cdr_custom.conf',
      'switchhook_freepbx.conf',
      'extensions_custom.conf',
    ],
  ],
  [
    'a plain Asterisk of Debian',
    'plain',
    debianFiles,
    ['http.conf', 'ari.conf', 'manager.d/switchhook.conf', 'cdr.conf', 'cdr_custom.conf'],
  ],
] as const)(
  'on %s only the files for changes by hand change, and all is as before after --undo',
  async (_name, kind, files, expected) => {
    const { etc, folder, plan } = await pbxOf(files)
    const before = await filesOf(etc)
    const made = await plan()
    expect(made.kind).toBe(kind)
    expect(changed(made, etc)).toEqual(expected)
    expect(await filesOf(etc)).toEqual(before)
    await writeJournal(folder, journalOf(made, folder))
    await stage(made.changes)
    await commit(made.changes)
    expect(await wantedOf(etc)).toEqual(ready)
    const journal = await readJournal(folder)
    expect(await undo(folder, journal ?? journalOf(made, folder), { keepKey: false })).toEqual([])
    expect(await filesOf(etc)).toEqual(before)
    expect(await readJournal(folder)).toBeUndefined()
  },
)

test('a setup that is killed at any step is taken back byte for byte', async () => {
  const { root, folder, plan } = await pbxOf(debianFiles)
  const before = await filesOf(root)
  const made = await plan()
  const steps = [
    ...made.changes.map((change) => () => stage([change])),
    ...made.changes.map((change) => () => commit([change])),
  ]
  for (let killed = 0; killed <= steps.length; killed += 1) {
    await writeJournal(folder, journalOf(made, folder, 'applying'))
    for (const step of steps.slice(0, killed)) await step()
    const journal = await readJournal(folder)
    if (!journal) throw new Error('there is no journal')
    expect(await undo(folder, journal, { keepKey: true })).toEqual([])
    expect(await filesOf(root), `killed at step ${killed}`).toEqual(before)
  }
})

test('a file whose folder cannot be written leaves every other file as it was', async () => {
  const { root, etc, plan } = await pbxOf(debianFiles)
  const made = await plan()
  await rm(path.join(etc, 'manager.d'), { recursive: true })
  await writeFile(path.join(etc, 'manager.d'), 'a file in place of the folder')
  const before = await filesOf(root)
  await expect(stage(made.changes)).rejects.toThrow(
    /manager\.d\/switchhook\.conf cannot be written \(E\w+\).*nothing was changed/,
  )
  await unstage(made.changes)
  expect(await filesOf(root)).toEqual(before)
})

test('--undo keeps what another hand changed beside the block, and reports a block that was changed', async () => {
  const { etc, folder, plan } = await pbxOf(debianFiles)
  const made = await plan()
  await writeJournal(folder, journalOf(made, folder))
  await stage(made.changes)
  await commit(made.changes)
  const [ari, cdr] = [path.join(etc, 'ari.conf'), path.join(etc, 'cdr.conf')]
  await writeFile(ari, `; added above\n${await readFile(ari, 'utf8')}; added below\n`)
  await writeFile(cdr, (await readFile(cdr, 'utf8')).replace('unanswered = yes', 'unanswered = no'))
  const leftovers = await undo(folder, journalOf(made, folder), { keepKey: false })
  expect(leftovers).toEqual([{ path: cdr, why: 'it was changed since: remove the block by hand' }])
  expect(await readFile(ari, 'utf8')).toBe(`; added above\n${debianFiles['ari.conf']}; added below\n`)
})

test.skipIf(process.getuid?.() !== 0)(
  'new files belong to the user of Asterisk, and changed ones keep their owner',
  async () => {
    const { root, etc, plan } = await pbxOf(freepbxFiles)
    for (const folder of ['lib', 'etc']) await chown(path.join(root, folder), 4321, 4322)
    await chown(path.join(etc, 'manager_custom.conf'), 4321, 99)
    const made = await plan()
    await stage(made.changes)
    await commit(made.changes)
    const files = await filesOf(etc)
    expect(files['cdr_custom.conf']).toMatch(/^100640 4321:4322 /)
    expect(files['manager_custom.conf']).toMatch(/^100644 4321:99 /)
  },
)

test('proposes zone, country, prefix, trunks and extensions of a FreePBX from its own files', async () => {
  const { plan } = await pbxOf(freepbxFiles)
  const { change, lines } = siteChangeOf((await plan('--zone', 'America/New_York', '--country', 'US')).proposal)
  expect(change).toEqual({
    zone: 'America/New_York',
    country: 'US',
    settings: { outsidePrefix: '9', trunks: ['PJSIP/FlowRoute'], extensions: ['101-102', '600'] },
  })
  expect(lines.join('\n')).toContain('outside prefix: 9, by the route _9NXXNXXXXXX')
  expect(lines.join('\n')).toContain('phones: 2, 1 with a name')
})

test('does not choose between routes that strip different prefixes', async () => {
  const { plan } = await pbxOf(debianFiles)
  const both = siteChangeOf((await plan()).proposal)
  expect(both.change.settings).not.toHaveProperty('outsidePrefix')
  expect(both.lines.join('\n')).toContain('routes differ, 0 (_0X.) and none (_00X.): choose with --prefix')
  expect(siteChangeOf((await plan('--prefix', '0')).proposal).change.settings).toHaveProperty('outsidePrefix', '0')
})

test('the plan shows no password', async () => {
  const { plan } = await pbxOf(freepbxFiles)
  const made = await plan()
  const shown = diffOf(made.changes)
  const secrets = made.changes.flatMap(({ after }) => [...after.matchAll(/[0-9a-f]{32}/g)].map(([secret]) => secret))
  expect(secrets.length).toBeGreaterThan(3)
  for (const secret of secrets) expect(shown).not.toContain(secret)
  expect(shown).toContain('+password = (new, 32 characters)')
})

test('a user of the same name is left alone', async () => {
  const { etc, plan } = await pbxOf({ ...debianFiles, 'ari.conf': '[switchhook]\ntype = user\npassword = mine\n' })
  const made = await plan()
  await stage(made.changes)
  await commit(made.changes)
  const ari = await readAsteriskConf(etc, 'ari.conf')
  expect(settingOf(ari?.get('switchhook'), 'password')).toBe('mine')
  expect(settingOf(ari?.get('switchhook2'), 'read_only')).toBe('no')
  expect(settingOf(ari?.get('general'), 'enabled')).toBe('yes')
})

test('modules that an explicit list lacks are added to it, and call forwarding is included', async () => {
  const files = { ...debianFiles, 'modules.conf': '[modules]\nautoload = no\nload = res_ari.so\n' }
  const { etc, plan } = await pbxOf(files)
  const made = await plan('--forwarding', 'internal')
  await stage(made.changes)
  await commit(made.changes)
  const modules = (await readAsteriskConf(etc, 'modules.conf'))?.get('modules')?.map(({ value }) => value)
  expect(modules).toEqual(expect.arrayContaining(['cdr_custom.so', 'res_stasis.so', 'res_ari_events.so']))
  expect(modules?.filter((name) => name === 'res_ari.so')).toHaveLength(1)
  const dialPlan = await readAsteriskConf(etc, 'extensions.conf')
  expect([...(dialPlan?.keys() ?? [])]).toEqual(expect.arrayContaining(['internal', 'renvoi-api', 'renvoi-codes']))
  expect(await readFile(path.join(etc, 'switchhook_forwarding.conf'), 'utf8')).toContain('DIALPLAN_EXISTS(internal,')
})

test('FreePBX gets the contexts of calls and settings in its own file, unless it has them or they are not wanted', async () => {
  const { etc, folder, plan } = await pbxOf(freepbxFiles)
  const names = async () => [...((await readAsteriskConf(etc, 'extensions.conf'))?.keys() ?? [])]
  expect((await plan('--no-dial-plan')).changes.map(({ path: file }) => path.basename(file))).not.toContain(
    'switchhook_freepbx.conf',
  )
  await writeFile(path.join(etc, 'extensions_custom.conf'), '[click2call]\nexten => _X.,1,Goto(from-internal,102,1)')
  const before = await filesOf(etc)
  const made = await plan()
  expect(made.reloads).toContain('dialplan reload')
  await writeJournal(folder, journalOf(made, folder))
  await stage(made.changes)
  await commit(made.changes)
  expect(await names()).toEqual(expect.arrayContaining(['from-internal', 'click2call', 'renvoi-api', 'renvoi-dire']))
  expect(await readFile(path.join(etc, 'extensions_custom.conf'), 'utf8')).toMatch(
    /from-internal,.*\n; BEGIN switchhook-bridge .*\n#include "switchhook_freepbx.conf"\n; END/,
  )
  const own = await readFile(path.join(etc, 'switchhook_freepbx.conf'), 'utf8')
  expect(own).not.toContain('[click2call]')
  expect(await undo(folder, journalOf(made, folder), { keepKey: false })).toEqual([])
  expect(await filesOf(etc)).toEqual(before)
})

/** A fault of the machine, and the one sentence about it. */
const refused: [name: string, files: Record<string, string>, args: string[], sentence: RegExp][] = [
  [
    'a module that is kept from being loaded',
    { ...debianFiles, 'modules.conf': '[modules]\nautoload=yes\nnoload => cdr_custom.so\n' },
    [],
    /^modules\.conf keeps cdr_custom from being loaded: remove the lines noload/,
  ],
  [
    'a generated file without a place for changes by hand',
    {
      ...freepbxFiles,
      'ari.conf': `; Do NOT edit this file as it is auto-generated by FreePBX.\n[general]\nenabled=no\n`,
    },
    [],
    /^another program writes .*ari\.conf and includes no file for changes by hand: add enabled = yes/,
  ],
  [
    'a block whose journal is gone',
    { ...debianFiles, 'cdr_custom.conf': '; BEGIN switchhook-bridge (setup)\n[mappings]\n; END\n' },
    [],
    /^.*cdr_custom\.conf has a block of an earlier setup.*remove the block, and run setup again$/,
  ],
  [
    'forwarding on FreePBX',
    freepbxFiles,
    ['--forwarding', 'from-internal'],
    /^this PBX has call forwarding of its own/,
  ],
]
test.each(refused)('refuses %s in one sentence and changes nothing', async (_name, files, args, sentence) => {
  const { etc, plan } = await pbxOf(files)
  const before = await filesOf(etc)
  await expect(plan(...args)).rejects.toThrow(sentence)
  expect(await filesOf(etc)).toEqual(before)
})

test.each(['--health-port', '--http-port', '--ami-port'])(
  'refuses a port of %s that another program has',
  async (option) => {
    const { plan } = await pbxOf(debianFiles)
    const other = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => other.once('listening', resolve))
    opened.push(() => new Promise((resolve) => other.close(resolve)))
    const address = other.address()
    const port = typeof address === 'object' && address ? address.port : 0
    await expect(plan(option, String(port))).rejects.toThrow(
      new RegExp(`^port ${port}, .* is taken by another program .*choose a free port with ${option}$`),
    )
  },
)

test('refuses a clock of 1970, by the time of the cloud', async () => {
  const ahead = new Date(Date.now() + 56 * 365 * 86_400_000).toUTCString()
  const cloud = createHttpServer((_request, response) => response.writeHead(404, { date: ahead }).end())
  await new Promise<void>((resolve) => cloud.listen(0, '127.0.0.1', resolve))
  opened.push(() => new Promise((resolve) => cloud.close(resolve)))
  const address = cloud.address()
  const url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`
  await expect(requireCloud(url)).rejects.toThrow(
    /^The clock of this machine is \d+ h.* behind .* Set the clock .* Then run setup again\.$/,
  )
})

test('refuses an API that does not answer', async () => {
  await expect(requireCloud(`http://127.0.0.1:${await freePort()}`)).rejects.toThrow(
    /^the API at 127\.0\.0\.1:\d+ does not answer: check --api/,
  )
})

test('a damaged journal, or one of a later version, is refused, and not overwritten', async () => {
  const { folder } = await pbxOf({})
  await mkdir(folder, { recursive: true })
  for (const text of ['{"version":2}', '{"version":1,', '']) {
    await writeFile(journalPath(folder), text)
    await expect(readJournal(folder)).rejects.toThrow(/setup-undo\.json is damaged or of a later version/)
    expect(await readFile(journalPath(folder), 'utf8')).toBe(text)
  }
})

test('a link stays a link, and one into a module of FreePBX is not followed', async () => {
  const { root, etc, plan } = await pbxOf(debianFiles)
  const kept = path.join(root, 'kept-ari.conf')
  await writeFile(kept, debianFiles['ari.conf'] ?? '')
  await rm(path.join(etc, 'ari.conf'))
  await symlink(kept, path.join(etc, 'ari.conf'))
  const module = path.join(root, 'admin/modules/manager/etc')
  await mkdir(module, { recursive: true })
  await writeFile(path.join(module, 'manager.conf'), '[general]\nenabled = no\n')
  await rm(path.join(etc, 'manager.conf'))
  await symlink(path.join(module, 'manager.conf'), path.join(etc, 'manager.conf'))
  await expect(plan()).rejects.toThrow(/another program writes .*manager\.conf/)
  await rm(path.join(etc, 'manager.conf'))
  await writeFile(path.join(etc, 'manager.conf'), '[general]\nenabled = no\n')
  const made = await plan()
  await stage(made.changes)
  await commit(made.changes)
  expect((await lstat(path.join(etc, 'ari.conf'))).isSymbolicLink()).toBe(true)
  expect(await readFile(kept, 'utf8')).toContain('[switchhook]')
})

test('a full disk, a read-only file system and a missing right are named with what to do', async () => {
  const sentenceOf = (code: string) => unwritable('/x', Object.assign(new Error(code), { code })).message
  expect(sentenceOf('ENOSPC')).toBe(
    'the disk of /x is full: free some space; nothing was changed, run setup again then',
  )
  expect(sentenceOf('EROFS')).toMatch(/^\/x is on a file system that is mounted read-only: mount it writable/)
  expect(sentenceOf('EACCES')).toMatch(/run setup as root/)
})
