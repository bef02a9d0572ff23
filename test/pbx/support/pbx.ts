import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { installAsterisk } from '../../../infra/asterisk/install.ts'
import { reservePorts } from '../../../infra/asterisk/instance/ports.ts'
import type { AsteriskInstance } from '../../../infra/asterisk/instance.ts'
import { createPbx } from '../../../infra/asterisk/pbx.ts'
import { Phones } from '../../../infra/asterisk/phones.ts'
import { readSite, type Site } from '../../../infra/asterisk/site.ts'
import { until } from '../../support/until.ts'

export interface TestPbxOptions {
  /** How long a phone rings before voicemail; 1 unless given, since tests wait for it. */
  ringSeconds?: number
  /** Kept from one run of the tests to the next; `.switchhook/asterisk` of the repository unless given. */
  installFolder?: string
  /** Changes anything else of the sample site. */
  changeSite?: (site: Site) => Site
}

/** One line of the exchange's own CDR file. */
export type CdrRow = Record<string, string | number>

/** A real exchange with its phones registered, in a folder that goes away with it. */
export interface TestPbx extends AsyncDisposable {
  readonly site: Site
  readonly pbx: AsteriskInstance
  readonly phones: Phones
  /** Where the trunk expects its far end, on loopback. */
  readonly trunkPort: number
  /** A TCP port on loopback that nothing else uses, such as for the health page of a bridge. */
  readonly sparePort: number
  /** Every record in the file. */
  allRecords(): Promise<CdrRow[]>
  /** Waits until no call is live and `count` records have come since the last take, and returns those that have. */
  takeRecords(count: number): Promise<CdrRow[]>
}

const sampleSite = fileURLToPath(new URL('../../../infra/asterisk/site.yaml', import.meta.url))
const sharedInstallation = fileURLToPath(new URL('../../../.switchhook/asterisk', import.meta.url))

export function testInstallation(folder = sharedInstallation) {
  return installAsterisk({ folder, progress: (step) => process.stderr.write(`${step}\n`) })
}

/** The sample site with a trunk on this machine and a short ring. */
export async function testSite(trunkPort: number, { ringSeconds = 1, changeSite = (site) => site }: TestPbxOptions) {
  const site = await readSite(sampleSite)
  const trunk = site.trunk && { ...site.trunk, port: trunkPort, qualifySeconds: 0 }
  return changeSite({ ...site, ringSeconds, ...(trunk ? { trunk } : {}) })
}

export async function startPbx(options: TestPbxOptions = {}): Promise<TestPbx> {
  const installation = await testInstallation(options.installFolder)
  const { sip: trunkPort, http: sparePort } = await reservePorts()
  const site = await testSite(trunkPort, options)
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'pbx-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const pbx = stack.use(await createPbx({ installation, site, folder: join(folder, 'pbx') }))
  await pbx.start()
  const phones = stack.use(new Phones({ installation, site, folder: join(folder, 'phones'), pbx }))
  await phones.start()
  await phones.registered()
  const owned = stack.move()

  let taken = 0
  const allRecords = () => recordsIn(pbx.cdrFile)
  return {
    site,
    pbx,
    phones,
    trunkPort,
    sparePort,
    allRecords,
    async takeRecords(count) {
      await until('the calls to end', async () =>
        (await pbx.cli('core show channels count')).includes('0 active channels'),
      )
      await until(`${count} call records`, async () => (await allRecords()).length >= taken + count)
      const fresh = (await allRecords()).slice(taken)
      taken += fresh.length
      return fresh
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

export async function recordsIn(file: string): Promise<CdrRow[]> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  // A last line without its end is still being written.
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))
}
