import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { recommendedLayout } from '../../../contracts/cdr-row/layout.ts'
import { type AsteriskInstallation, modulesFolder } from '../../../infra/asterisk/installation.ts'
import { releasePorts, reservePorts } from '../../../infra/asterisk/instance/ports.ts'
import { AsteriskInstance } from '../../../infra/asterisk/instance.ts'
import { Phones } from '../../../infra/asterisk/phones.ts'
import { renderAsterisk, renderLogger, renderRtp } from '../../../infra/asterisk/render/core.ts'
import { renderIndications } from '../../../infra/asterisk/render/indications.ts'
import { renderAri, renderHttp, renderManager } from '../../../infra/asterisk/render/interfaces.ts'
import type { AsteriskPorts } from '../../../infra/asterisk/render/layout.ts'
import { MODULES, renderModules } from '../../../infra/asterisk/render/modules.ts'
import { EMPTY_FILES } from '../../../infra/asterisk/render.ts'
import { generateSecrets, type Secrets } from '../../../infra/asterisk/secrets.ts'
import { checkSite, type Site } from '../../../infra/asterisk/site.ts'
import { testInstallation } from './pbx.ts'

/**
 * A company's PBX with the configuration of `test/pbx/company/`, in the structure that FreePBX generates. The product's
 * renderer makes only what depends on ports and folders.
 */
export interface CompanyPbx extends AsyncDisposable {
  readonly pbx: AsteriskInstance
  readonly phones: Phones
  /** UDP ports at which the two trunks expect their providers. */
  readonly providerPort: number
  readonly mobilePort: number
  /** Asterisk's CDR file: CSV by the recommended mapping. */
  readonly cdrFile: string
}

const configuration = fileURLToPath(new URL('../company', import.meta.url))
const staticFiles = [
  'cdr.conf',
  'confbridge.conf',
  'extensions.conf',
  'features.conf',
  'musiconhold.conf',
  'queues.conf',
  'res_parking.conf',
]
const moreModules = [
  'res_musiconhold',
  'res_parking',
  'app_confbridge',
  'app_directed_pickup',
  'app_playtones',
  'app_queue',
  'chan_bridge_media',
  'func_groupcount',
]
/** Each kind of call has phones of its own, so that all can be made at the same time. */
export const extensions = Array.from({ length: 81 }, (_, n) => String(101 + n))

/** The phones as the simulation wants them: endpoints are named after the extensions, as FreePBX does. */
const site: Site = checkSite({
  site: 'company',
  systemName: 'company',
  extensions: extensions.map((number) => ({ number, endpoint: number, name: `Phone ${number}`, mailbox: number })),
})

/** The channel driver of phones and trunks. chan_sip is in the packages of Asterisk 16 to 20. */
export type Driver = 'PJSIP' | 'SIP'

type TrunkPorts = Pick<CompanyPbx, 'providerPort' | 'mobilePort'>

/** Starts the PBX, by default on the Asterisk of the project, and its phones. */
export async function startCompany(exchange?: AsteriskInstallation, driver: Driver = 'PJSIP'): Promise<CompanyPbx> {
  const installation = await testInstallation()
  await using stack = new AsyncDisposableStack()
  const spare = await reservePorts()
  stack.defer(() => releasePorts(spare))
  const trunks = { providerPort: spare.sip, mobilePort: spare.rtpFirst }
  const folder = await mkdtemp(join(tmpdir(), 'company-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const pbx = stack.use(await createCompany(exchange ?? installation, driver, join(folder, 'pbx'), trunks))
  await pbx.start()
  const phones = stack.use(new Phones({ installation, site, folder: join(folder, 'phones'), pbx }))
  await phones.start()
  await phones.registered()
  const owned = stack.move()
  return {
    pbx,
    phones,
    ...trunks,
    cdrFile: join(dirname(pbx.cdrFile), 'Master.csv'),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

async function createCompany(
  { root }: AsteriskInstallation,
  driver: Driver,
  folder: string,
  trunks: TrunkPorts,
): Promise<AsteriskInstance> {
  const address = '127.0.0.1'
  const ports = await reservePorts(address)
  const secrets = generateSecrets(site)
  const written = await Promise.all(
    staticFiles.map(
      async (name): Promise<[string, string]> => [
        name,
        forDriver(await readFile(join(configuration, name), 'utf8'), driver),
      ],
    ),
  )
  const isThere = (name: string) => existsSync(join(modulesFolder(root), `${name}.so`))
  const modules = [...MODULES, ...moreModules, ...(driver === 'SIP' ? ['chan_sip'] : [])]
  const files = new Map([
    ...EMPTY_FILES.map((name): [string, string] => [name, '']),
    ...written,
    ['asterisk.conf', renderAsterisk({ root, folder, systemName: '', identity: 'company' })],
    ['logger.conf', renderLogger()],
    [
      'modules.conf',
      renderModules(modules.filter((name) => isThere(name) && !(driver === 'SIP' && /pjsip/.test(name)))),
    ],
    ['indications.conf', renderIndications()],
    ['rtp.conf', renderRtp(ports)],
    ['http.conf', renderHttp(ports)],
    ['ari.conf', renderAri(secrets)],
    ['manager.conf', renderManager(ports, secrets)],
    ['cdr_custom.conf', cdrCustom()],
    [`${driver.toLowerCase()}.conf`, await phonesAndTrunks(driver, address, ports, secrets, trunks)],
    ['voicemail.conf', voicemail(secrets)],
  ])
  return new AsteriskInstance({ root, folder, address, ports, secrets, files })
}

/** Rewrites what FreePBX generates otherwise for chan_sip: the channels of phones and trunks. */
function forDriver(text: string, driver: Driver): string {
  if (driver === 'PJSIP') return text
  return text
    .replaceAll(/\$\{PJSIP_DIAL_CONTACTS\((.*?)\)\}/g, 'SIP/$1')
    .replaceAll(/^(OUT_\d) = PJSIP\n\1_SUFFIX = @(\S+)$/gm, '$1 = SIP/$2\n$1_SUFFIX =')
    .replaceAll('PJSIP/', 'SIP/')
}

/** The mapping that the documentation recommends. */
function cdrCustom(): string {
  const fields = recommendedLayout.map((field) => `\${CSV_QUOTE(\${CDR(${field})})}`)
  return `[mappings]\nMaster.csv => ${fields.join(',')}\n`
}

async function phonesAndTrunks(
  driver: Driver,
  address: string,
  ports: AsteriskPorts,
  secrets: Secrets,
  { providerPort, mobilePort }: TrunkPorts,
): Promise<string> {
  const text = await readFile(join(configuration, `${driver.toLowerCase()}.conf`), 'utf8')
  const base = text
    .replaceAll('@ADDRESS@', address)
    .replaceAll('@SIP_PORT@', String(ports.sip))
    .replaceAll('@PROVIDER_PORT@', String(providerPort))
    .replaceAll('@MOBILE_PORT@', String(mobilePort))
  const device = driver === 'PJSIP' ? pjsipDevice : sipDevice
  return [base, ...extensions.map((number) => device(number, secrets.endpoints[number] ?? ''))].join('\n')
}

function pjsipDevice(number: string, password: string): string {
  return `[${number}](device)
auth = ${number}
aors = ${number}
callerid = Phone ${number} <${number}>
mailboxes = ${number}@default

[${number}](device-auth)
username = ${number}
password = ${password}

[${number}](device-aor)
`
}

function sipDevice(number: string, password: string): string {
  return `[${number}](device)
secret = ${password}
callerid = Phone ${number} <${number}>
mailbox = ${number}@default
`
}

function voicemail(secrets: Secrets): string {
  const boxes = extensions.map((number) => `${number} => ${secrets.mailboxes[number]},Phone ${number}`)
  return `[general]\nformat = wav\nattach = no\nmaxsecs = 180\npollmailboxes = no\n\n[default]\n${boxes.join('\n')}\n`
}
