import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { type AsteriskInstallation, modulesFolder } from '../../infra/asterisk/installation.ts'
import type { Driver } from '../pbx/support/company.ts'
import { companyKinds } from '../pbx/support/company-kinds.ts'
import { faultsOf, runCompany } from '../pbx/support/company-run.ts'
import { testInstallation } from '../pbx/support/pbx.ts'
import { hasSipp } from '../pbx/support/trunk.ts'
import { installRelease, releases } from './asterisk-versions/install.ts'
import { sipRegistrations } from './asterisk-versions/registrations.ts'

/** The providers do not answer. */
const expectedRegistrations = ['SIP/SIP-Mobile unregistered', 'SIP/SIP-Provider unregistered']

/**
 * Goal: calls of every kind are right on each Asterisk that is supported: every field of a CDR equals Asterisk's file, live and call
 * log say what a person who watched the phones would say, and the phones end in the states that Asterisk reports.
 * Of chan_sip, the registrations of trunks are read too.
 * Method: the company PBX of the suite, run on Asterisk 16, 18 and 20 from the packages of older releases, and on the project's own.
 *
 *     npm run campaign -- asterisk-versions [--only 16,18] [--folder F] [--ubuntu-mirror URL]
 */
export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { only: { type: 'string' }, folder: { type: 'string' }, 'ubuntu-mirror': { type: 'string' } },
  })
  if (!hasSipp) throw new Error('the campaign needs sipp: install the package sip-tester')
  const { folder = '.switchhook/asterisk-versions', only, 'ubuntu-mirror': ubuntuMirror } = values
  const majors = only?.split(',') ?? [...Object.keys(releases), '22']
  const faults: string[] = []
  for (const major of majors) {
    const installation = await installationOf(major, folder, ubuntuMirror)
    for (const driver of driversOf(installation)) {
      const run = await runCompany(installation, driver)
      const found = faultsOf(run)
      const filter = run.isFiltered ? 'event filter' : 'no event filter'
      console.log(
        `Asterisk ${installation.version}, ${driver}: ${companyKinds.length} kinds of call, ${run.lines.length} CDRs, ${filter}, ${found.length} faults`,
      )
      for (const fault of found) console.log(`  ${fault}`)
      if (driver === 'SIP') {
        const registrations = (await sipRegistrations(installation)).map(
          ({ endpoint, state }) => `${endpoint} ${state}`,
        )
        console.log(`  registrations of chan_sip: ${registrations.join(', ')}`)
        if (registrations.join() !== expectedRegistrations.join())
          found.push(`registrations: ${registrations.join(', ')}`)
      }
      faults.push(...found.map((fault) => `Asterisk ${major}, ${driver}: ${fault}`))
    }
  }
  if (faults.length > 0) throw new Error(`${faults.length} faults:\n${faults.join('\n')}`)
}

/** chan_pjsip, and chan_sip where the package has it. */
function driversOf({ root }: AsteriskInstallation): Driver[] {
  return existsSync(join(modulesFolder(root), 'chan_sip.so')) ? ['PJSIP', 'SIP'] : ['PJSIP']
}

async function installationOf(
  major: string,
  folder: string,
  ubuntuMirror: string | undefined,
): Promise<AsteriskInstallation> {
  if (major === '22') return testInstallation()
  return installRelease(major, { folder: resolve(folder), ubuntuMirror, progress: (step) => console.log(step) })
}
