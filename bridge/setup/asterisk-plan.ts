import { randomBytes } from 'node:crypto'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { addedFields, recommendedFile, recommendedMapping } from '../../contracts/cdr-row/layout.ts'
import { backEndsOfBridge, modulesOfBridge } from '../check/asterisk-checks.ts'
import { type AsteriskConf, isTrue, readAsteriskConf, settingOf } from '../check/asterisk-conf.ts'
import { type Block, placeBlock, type WantedSettings } from './conf-place.ts'
import type { FoundAsterisk } from './find-asterisk.ts'
import { SetupRefusedError } from './setup-error.ts'

/** What Asterisk gets, and how the bridge reaches it then. */
export interface AsteriskPlan {
  readonly blocks: readonly Block[]
  /** Console commands after the change, in order. */
  readonly reloads: readonly string[]
  readonly ari: { url: string; user: string; password: string }
  readonly ami: { port: number; user: string; password: string }
  readonly cdrFile: string
  /** What a user of the PBX will notice, one sentence each. */
  readonly notes: readonly string[]
}

export interface PlanOptions {
  httpPort?: number | undefined
  amiPort?: number | undefined
}

const usualHttpPort = 8088
const usualAmiPort = 5038
const userName = 'switchhook'
/** The bridge answers pings within milliseconds; 100 ms, the default, cuts it off while its memory is cleaned. */
const writeTimeoutMs = 1000
const loopback = '127.0.0.1'

/** Returns the changes that give the bridge what it needs of Asterisk, and nothing more. Changes nothing. Throws SetupRefusedError. */
export async function planAsterisk(asterisk: FoundAsterisk, options: PlanOptions): Promise<AsteriskPlan> {
  const planning = new Planning(asterisk)
  const url = await planHttp(planning, options.httpPort)
  const ari = await planAri(planning)
  const ami = await planAmi(planning, options.amiPort)
  await planCdrs(planning)
  await planModules(planning)
  const { blocks, reloads, notes } = planning
  const cdrFile = join(asterisk.logs, 'cdr-custom', recommendedFile)
  return { blocks, reloads, ari: { url, ...ari }, ami, cdrFile, notes }
}

class Planning {
  readonly asterisk: FoundAsterisk
  readonly blocks: Block[] = []
  readonly reloads: string[] = []
  readonly notes: string[] = []
  constructor(asterisk: FoundAsterisk) {
    this.asterisk = asterisk
  }

  async read(file: string): Promise<AsteriskConf> {
    return (await readAsteriskConf(this.asterisk.etc, file)) ?? new Map()
  }

  /** Adds lines to a section, and the command that makes Asterisk read them. */
  async add(wanted: WantedSettings, reload: string): Promise<void> {
    this.blocks.push(await placeBlock(this.asterisk.etc, wanted, this.blocks))
    if (!this.reloads.includes(reload)) this.reloads.push(reload)
  }

  /** Adds settings of `[general]` that differ from what Asterisk has. */
  async addGeneral(file: string, settings: Readonly<Record<string, string>>, reload: string): Promise<void> {
    const entries = Object.entries(settings)
    if (entries.length === 0) return
    const lines = entries.map(([name, value]) => `${name} = ${value}`)
    const holds = (conf: AsteriskConf) =>
      entries.every(([name, value]) => settingOf(conf.get('general'), name) === value)
    await this.add({ file, section: 'general', lines, holds }, reload)
  }
}

async function planHttp(planning: Planning, givenPort: number | undefined): Promise<string> {
  const general = (await planning.read('http.conf')).get('general')
  const isOn = isTrue(settingOf(general, 'enabled'))
  const port = (isOn ? undefined : givenPort) ?? Number(settingOf(general, 'bindport') ?? usualHttpPort)
  const bound = settingOf(general, 'bindaddr') ?? '0.0.0.0'
  if (!isOn) {
    await requireFreePort(port, 'ARI', '--http-port')
    const own = givenPort === undefined ? {} : { bindport: String(givenPort) }
    await planning.addGeneral('http.conf', { enabled: 'yes', bindaddr: loopback, ...own }, 'module reload http')
  } else if (isEveryAddress(bound)) {
    planning.notes.push(
      `Asterisk's web server listens on every address already: see that the firewall lets nobody outside reach port ${port}.`,
    )
  }
  const prefix = (settingOf(general, 'prefix') ?? '').replace(/^\/|\/$/g, '')
  return `http://${isOn ? hostOf(bound) : loopback}:${port}/${prefix === '' ? '' : `${prefix}/`}ari`
}

async function planAri(planning: Planning): Promise<{ user: string; password: string }> {
  const conf = await planning.read('ari.conf')
  const general = conf.get('general')
  const timeout = Number(settingOf(general, 'websocket_write_timeout') ?? 100)
  const enabled = settingOf(general, 'enabled')
  const reload = 'module reload res_ari.so'
  await planning.addGeneral(
    'ari.conf',
    {
      ...((general === undefined || (enabled !== undefined && !isTrue(enabled))) && { enabled: 'yes' }),
      ...(!(timeout >= writeTimeoutMs) && { websocket_write_timeout: String(writeTimeoutMs) }),
    },
    reload,
  )
  const user = freeName(conf)
  const password = newPassword()
  const lines = ['type = user', 'read_only = no', `password = ${password}`]
  await planning.add({ file: 'ari.conf', section: user, lines, holds: hasSecret(user, 'password', password) }, reload)
  return { user, password }
}

async function planAmi(planning: Planning, givenPort: number | undefined): Promise<AsteriskPlan['ami']> {
  const conf = await planning.read('manager.conf')
  const general = conf.get('general')
  const isOn = isTrue(settingOf(general, 'enabled'))
  const port = (isOn ? undefined : givenPort) ?? Number(settingOf(general, 'port') ?? usualAmiPort)
  if (!isOn) {
    await requireFreePort(port, 'the Manager Interface', '--ami-port')
    const own = givenPort === undefined ? {} : { port: String(givenPort) }
    await planning.addGeneral('manager.conf', { enabled: 'yes', bindaddr: loopback, ...own }, 'manager reload')
  }
  const user = freeName(conf)
  const password = newPassword()
  const lines = [
    `secret = ${password}`,
    'deny = 0.0.0.0/0.0.0.0',
    'permit = 127.0.0.1/255.255.255.255',
    'read = call,agent,security',
    'write = reporting',
    `writetimeout = ${writeTimeoutMs}`,
  ]
  await planning.add(
    { file: 'manager.conf', section: user, lines, holds: hasSecret(user, 'secret', password) },
    'manager reload',
  )
  return { port, user, password }
}

async function planCdrs(planning: Planning): Promise<void> {
  const general = (await planning.read('cdr.conf')).get('general')
  const enabled = settingOf(general, 'enable')
  const isUnanswered = isTrue(settingOf(general, 'unanswered'))
  await planning.addGeneral(
    'cdr.conf',
    {
      ...(enabled !== undefined && !isTrue(enabled) && { enable: 'yes' }),
      ...(!isUnanswered && { unanswered: 'yes' }),
      ...(isTrue(settingOf(general, 'batch')) && { batch: 'no' }),
    },
    'module reload cdr',
  )
  if (!isUnanswered)
    planning.notes.push(
      'With unanswered = yes, every CDR report of the PBX also shows the attempts that nobody answered: more rows than before.',
    )
  const mappings = (await planning.read('cdr_custom.conf')).get('mappings') ?? []
  // One below a second [mappings] is not read.
  if (mappings.some(({ name, isRepeated }) => name === recommendedFile && !isRepeated)) return
  const [, mapping = ''] = recommendedMapping.trimEnd().split('\n')
  const holds = (conf: AsteriskConf) =>
    settingOf(conf.get('mappings'), recommendedFile)?.includes(addedFields[0]) === true
  await planning.add(
    { file: 'cdr_custom.conf', section: 'mappings', lines: [mapping], holds },
    'module reload cdr_custom.so',
  )
}

/** Modules that do not run are loaded, and stay so after a restart. */
async function planModules(planning: Planning): Promise<void> {
  const modules = (await planning.read('modules.conf')).get('modules') ?? []
  const wanted = [backEndsOfBridge[0] ?? '', 'res_ari', ...modulesOfBridge]
  const isNamed = (setting: string, module: string) =>
    modules.some(({ name, value }) => name === setting && value.replace(/\.so$/, '') === module)
  const blocked = wanted.filter((module) => isNamed('noload', module))
  if (blocked.length > 0) {
    const sentence = `modules.conf keeps ${blocked.join(', ')} from being loaded: remove the lines noload of ${blocked.length === 1 ? 'this module' : 'these modules'}, and run setup again`
    throw new SetupRefusedError('modules-blocked', sentence)
  }
  const isAuto = isTrue(settingOf(modules, 'autoload'))
  const unnamed = wanted.filter((module) => !isNamed('load', module) && !isNamed('require', module))
  if (!isAuto && unnamed.length > 0) {
    const lines = unnamed.map((module) => `load = ${module}.so`)
    const holds = (conf: AsteriskConf) =>
      unnamed.every((module) => conf.get('modules')?.some(({ value }) => value === `${module}.so`))
    const block = await placeBlock(
      planning.asterisk.etc,
      { file: 'modules.conf', section: 'modules', lines, holds },
      planning.blocks,
    )
    planning.blocks.push(block)
  }
  if (planning.asterisk.version === undefined) return
  const missing = wanted.filter((module) => !planning.asterisk.modules.has(module))
  planning.reloads.push(...missing.map((module) => `module load ${module}.so`))
}

const hasSecret = (section: string, name: string, secret: string) => (conf: AsteriskConf) =>
  settingOf(conf.get(section), name) === secret

/** A user of that name may exist by hand; it is left alone. */
function freeName(conf: AsteriskConf): string {
  for (let n = 1; ; n++) {
    const name = n === 1 ? userName : `${userName}${n}`
    if (!conf.has(name)) return name
  }
}

/** Letters and digits alone: other signs have broken clients of ARI. */
function newPassword(): string {
  return randomBytes(16).toString('hex')
}

const isEveryAddress = (address: string) => ['', '0.0.0.0', '::', '[::]'].includes(address)

function hostOf(bound: string): string {
  if (isEveryAddress(bound)) return loopback
  return bound.includes(':') && !bound.startsWith('[') ? `[${bound}]` : bound
}

/** Throws SetupRefusedError if another program listens on the port. */
export async function requireFreePort(port: number, what: string, option: string): Promise<void> {
  const server = createServer()
  const isFree = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, loopback, () => resolve(true))
  })
  await new Promise((resolve) => server.close(resolve))
  if (isFree) return
  const sentence = `port ${port}, which ${what} needs, is taken by another program (ss -ltnp shows which): stop that program, or choose a free port with ${option}`
  throw new SetupRefusedError('port-taken', sentence)
}
