import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'csv-parse/sync'
import { installAsterisk } from '../../../infra/asterisk/install.ts'
import { releasePorts, reservePorts } from '../../../infra/asterisk/instance/ports.ts'
import type { AsteriskInstance } from '../../../infra/asterisk/instance.ts'
import { createPbx } from '../../../infra/asterisk/pbx.ts'
import { Phones } from '../../../infra/asterisk/phones.ts'
import { readSite, type Site } from '../../../infra/asterisk/site.ts'
import { until } from '../../support/until.ts'

export interface TestPbxOptions {
  /** Seconds that a phone rings before voicemail; default 1. */
  ringSeconds?: number
  /** Folder of the unpacked Asterisk, kept between runs; default `.switchhook/asterisk` of the repository. */
  installFolder?: string
  /** Returns the sample site with any other change. */
  changeSite?: (site: Site) => Site
}

/** One record of the exchange's CDR file; times as the call log has them. */
export type CdrRow = Record<string, string | number>

/** A real exchange with registered phones, in a temporary folder that is removed with it. */
export interface TestPbx extends AsyncDisposable {
  readonly site: Site
  readonly pbx: AsteriskInstance
  readonly phones: Phones
  /** UDP port on loopback at which the trunk expects the provider. */
  readonly trunkPort: number
  /** Reserved TCP port on loopback, for example for the health page of a bridge. */
  readonly sparePort: number
  /** Returns all records in the CDR file. */
  allRecords(): Promise<CdrRow[]>
  /** Waits until no call is live and at least `count` new records are written; returns the records since the last take. */
  takeRecords(count: number): Promise<CdrRow[]>
}

const sampleSite = fileURLToPath(new URL('../../../infra/asterisk/site.yaml', import.meta.url))
const sharedInstallation = fileURLToPath(new URL('../../../.switchhook/asterisk', import.meta.url))

export function testInstallation(folder = sharedInstallation) {
  return installAsterisk({ folder, progress: (step) => process.stderr.write(`${step}\n`) })
}

/** Returns the sample site with a trunk on this machine and a short ring. */
export async function testSite(trunkPort: number, { ringSeconds = 1, changeSite = (site) => site }: TestPbxOptions) {
  const site = await readSite(sampleSite)
  const trunk = site.trunk && { ...site.trunk, port: trunkPort, qualifySeconds: 0 }
  return changeSite({ ...site, ringSeconds, ...(trunk ? { trunk } : {}) })
}

export async function startPbx(options: TestPbxOptions = {}): Promise<TestPbx> {
  const installation = await testInstallation(options.installFolder)
  await using stack = new AsyncDisposableStack()
  const spare = await reservePorts()
  stack.defer(() => releasePorts(spare))
  const { sip: trunkPort, http: sparePort } = spare
  const site = await testSite(trunkPort, options)
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

/** The columns of the exchange's file. Written out here, so that the product's own list is not compared with itself. */
const columns =
  'accountcode src dst dcontext clid channel dstchannel lastapp lastdata start answer end duration billsec disposition amaflags uniqueid userfield peeraccount linkedid sequence did cnum cnam recordingfile'.split(
    ' ',
  )

/** Reads the file with another CSV reader than the product's. Columns that only some PBXs fill are left out where empty. */
export async function recordsIn(file: string): Promise<CdrRow[]> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  // The last line is incomplete until its line feed is written.
  const rows = parse<Record<string, string>>(text.slice(0, text.lastIndexOf('\n') + 1), { columns })
  return rows.map((row) =>
    Object.fromEntries(
      columns.flatMap((name, n) => (n < 21 || row[name] ? [[name, typedValue(name, row[name] ?? '')]] : [])),
    ),
  )
}

function typedValue(name: string, text: string): string | number {
  if (['duration', 'billsec', 'sequence'].includes(name)) return Number(text)
  const isTime = ['start', 'answer', 'end'].includes(name) && text !== ''
  // Asterisk writes the clock of this machine.
  return isTime ? `${new Date(text.replace(' ', 'T')).toISOString().slice(0, 19)}+0000` : text
}
