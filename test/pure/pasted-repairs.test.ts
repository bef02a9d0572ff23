import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { amiCheck, eventClassesOf } from '../../bridge/check/ami-check.ts'
import { checkCdrSettings } from '../../bridge/check/cdr-settings.ts'
import { recommendedMapping } from '../../contracts/cdr-row/layout.ts'

/*
 * Goal: the check names each mistake in the settings of call records and of the AMI user, and its repair works as a person pastes it.
 * Method: each mistake is planted into a configuration without one; the lines of the repair are appended to the file that it names.
 */
let parent: string
let folder: string
beforeAll(async () => {
  parent = await mkdtemp(path.join(tmpdir(), 'pasted-repairs-'))
})
beforeEach(async () => {
  folder = await mkdtemp(path.join(parent, 'etc-'))
})
afterAll(() => rm(parent, { recursive: true }))

type Files = Readonly<Record<string, string>>
const general = '[general]\nenable = yes\nunanswered = yes\nbatch = no\n'
/** As an administrator of a plain Asterisk writes it. */
const plain: Files = { 'cdr.conf': general, 'cdr_custom.conf': recommendedMapping }
/** With the file of `cdr_csv`. */
const master: Files = { 'cdr.conf': `${general}[csv]\nusegmtime = yes\nloguniqueid = yes\n` }
/** As FreePBX and Issabel generate it. */
const freepbx: Files = {
  'cdr.conf':
    '[general]\n#include cdr_general_additional.conf\n#include cdr_general_custom.conf\n#include cdr_non_general_custom.conf\n',
  'cdr_general_additional.conf': 'enable=yes\nbatch=no\n',
  'cdr_general_custom.conf': 'unanswered=yes\n',
  'cdr_non_general_custom.conf': '[csv]\nusegmtime=yes\n',
  'cdr_custom.conf': recommendedMapping,
}
const bases = { plain, master, freepbx }
type Base = keyof typeof bases
const cdrFile = (base: Base) =>
  base === 'master' ? '/var/log/asterisk/cdr-csv/Master.csv' : '/var/log/asterisk/cdr-custom/switchhook.csv'

/** A mistake: in which configuration and file, what is replaced by what, and the check that must find it. */
const mistakes: readonly (readonly [
  what: string,
  base: Base,
  file: string,
  from: string | RegExp,
  to: string,
  id: string,
])[] = [
  ...['no', 'off', 'false', '0', 'n', 'nein'].map(
    (value) =>
      [`records off by ${value}`, 'plain', 'cdr.conf', 'enable = yes', `enable = ${value}`, 'cdr-settings'] as const,
  ),
  ['records off on FreePBX', 'freepbx', 'cdr_general_additional.conf', 'enable=yes', 'enable=no', 'cdr-settings'],
  [
    'records off by the last of two lines',
    'plain',
    'cdr.conf',
    'batch = no',
    'batch = no\nenable = no',
    'cdr-settings',
  ],
  ['no records of unanswered calls', 'plain', 'cdr.conf', 'unanswered = yes', 'unanswered = no', 'cdr-unanswered'],
  ['the default for unanswered calls', 'plain', 'cdr.conf', 'unanswered = yes\n', '', 'cdr-unanswered'],
  ['unanswered calls in a comment', 'plain', 'cdr.conf', 'unanswered = yes', ';unanswered = yes', 'cdr-unanswered'],
  [
    'unanswered calls in another section',
    'plain',
    'cdr.conf',
    'unanswered = yes\nbatch = no',
    'batch = no\n[csv]\nunanswered = yes',
    'cdr-unanswered',
  ],
  ['an empty cdr.conf', 'plain', 'cdr.conf', /[\s\S]+/, '', 'cdr-unanswered'],
  ['the default of FreePBX for unanswered calls', 'freepbx', 'cdr_general_custom.conf', /.+/, '', 'cdr-unanswered'],
  ...['yes', 'on', 'true', '1', 'y', 'YES'].map(
    (value) => [`batch mode by ${value}`, 'plain', 'cdr.conf', 'batch = no', `batch = ${value}`, 'cdr-batch'] as const,
  ),
  ['batch mode on FreePBX', 'freepbx', 'cdr_general_additional.conf', 'batch=no', 'batch=yes', 'cdr-batch'],
  ['batch mode in an included file', 'plain', 'cdr.conf', 'batch = no', '#include more.conf', 'cdr-batch'],
  ['a mapping for another file', 'plain', 'cdr_custom.conf', 'switchhook.csv', 'Master.csv', 'cdr-mapping'],
  ['a mapping in a comment', 'plain', 'cdr_custom.conf', 'switchhook.csv', ';switchhook.csv', 'cdr-mapping'],
  ['an empty section of mappings', 'plain', 'cdr_custom.conf', /\n.+/, '\n', 'cdr-mapping'],
  ['no section of mappings', 'plain', 'cdr_custom.conf', '[mappings]', '[mapping]', 'cdr-mapping'],
  ['a mapping for another file on FreePBX', 'freepbx', 'cdr_custom.conf', 'switchhook.csv', 'pbx.csv', 'cdr-mapping'],
  ['no section [csv]', 'master', 'cdr.conf', /\[csv\][\s\S]*/, '', 'cdr-mapping'],
  ['Master.csv without uniqueid', 'master', 'cdr.conf', 'loguniqueid = yes', 'loguniqueid = no', 'cdr-mapping'],
  ['the default of Master.csv', 'master', 'cdr.conf', 'loguniqueid = yes\n', '', 'cdr-mapping'],
]

async function plant(base: Base, file?: string, from: string | RegExp = '', to = ''): Promise<void> {
  const files: Record<string, string> = { ...bases[base], 'more.conf': 'batch=yes\n' }
  if (file !== undefined) {
    const before = files[file] ?? ''
    files[file] = before.replace(from, () => to)
    if (files[file] === before) throw new Error(`nothing was planted into ${file}`)
  }
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text)
}

/** Appends the lines of a repair, up to the command, to the file that it names. */
async function paste(repair: string): Promise<void> {
  const [, file = '', lines = ''] = /At the end of (\S+\.conf)[^\n]*:\n([\s\S]*?)(?=\nThen: )/.exec(repair) ?? []
  const before = await readFile(path.join(folder, file), 'utf8')
  await writeFile(path.join(folder, file), `${before.trimEnd()}\n${lines}\n`)
}
const found = async (base: Base) =>
  (await checkCdrSettings(folder, cdrFile(base))).filter(({ state }) => state !== 'ok')

test.each(['plain', 'master', 'freepbx'] as const)('finds nothing in the %s configuration', async (base) => {
  await plant(base)
  expect(await found(base)).toEqual([])
})

test.each(mistakes)('names %s, and its repair works when it is pasted', async (_, base, file, from, to, id) => {
  await plant(base, file, from, to)
  const [check, ...others] = await found(base)
  expect([check?.id, others]).toEqual([id, []])
  await paste(check?.repair ?? '')
  expect(await found(base)).toEqual([])
})

test('several mistakes at once are each named, and every repair works beside the others', async () => {
  await plant('plain', 'cdr.conf', /[\s\S]+/, 'no section\n[general]\nbatch=yes\nenable=no\n')
  await writeFile(path.join(folder, 'cdr_custom.conf'), '[mappings]\nMaster.csv => x\n')
  const checks = await found('plain')
  expect(checks.map(({ id }) => id).sort()).toEqual(['cdr-batch', 'cdr-mapping', 'cdr-settings', 'cdr-unanswered'])
  for (const { repair } of checks) await paste(repair ?? '')
  expect(await found('plain')).toEqual([])
})

test('a mapping below a second header, which Asterisk does not read, is named; with (+) it is read', async () => {
  const line = recommendedMapping.replace('[mappings]\n', '')
  await plant('plain', 'cdr_custom.conf', /[\s\S]+/, `[mappings]\n;Master.csv => x\n\n[mappings]\n${line}`)
  expect(await found('plain')).toMatchObject([
    { id: 'cdr-mapping', state: 'failed', reason: expect.stringContaining('below a second [mappings]') },
  ])
  await plant('plain', 'cdr_custom.conf', /[\s\S]+/, `[mappings]\n;Master.csv => x\n\n[mappings](+)\n${line}`)
  expect(await found('plain')).toEqual([])
})

const asked = { denied: [], missing: [], unanswered: [] }
test.each([
  ['call', 'call,agent,security'],
  ['agent', 'agent,call,security'],
  ['security', 'security,call,agent'],
  ['system,cdr', 'system,cdr,call,agent,security'],
  ['', 'call,agent,security'],
])(
  'names the classes of events that an AMI user with read = %s lacks, and the repair keeps the others',
  async (read, pasted) => {
    const file = path.join(folder, 'manager.conf')
    await writeFile(file, `[general]\nenabled = yes\n\n[switchhook]\nsecret = x\nread = ${read}\nwrite = reporting\n`)
    const check = amiCheck('switchhook', asked, await eventClassesOf(folder, 'switchhook'))
    expect(check).toMatchObject({ id: 'ami', state: 'warning' })
    await paste(check.repair ?? '')
    expect(await readFile(file, 'utf8')).toContain(`[switchhook](+)\nread = ${pasted}\n`)
    expect(amiCheck('switchhook', asked, await eventClassesOf(folder, 'switchhook')).state).toBe('ok')
  },
)
