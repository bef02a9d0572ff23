import { cdrOrigin } from '../cdrs.ts'
import type { BridgeConfig } from '../config.ts'
import { errorCode } from '../failure.ts'
import { cdrFormat } from '../normalise/cdr-record.ts'
import { type Check, type CheckId, checkIds } from '../operate/checks.ts'
import { describeError } from '../operate/log.ts'
import { checkAmi } from './ami-check.ts'
import { checkAri } from './asterisk-checks.ts'
import { checkCdrSettings } from './cdr-settings.ts'
import { checkClock, checkCloud } from './cloud-checks.ts'
import { checkBridge, checkKey, checkMenus, checkStateFolder } from './host-checks.ts'

/** Asterisk's configuration in every distribution. */
export const defaultFolder = '/etc/asterisk'
/** A person waits for the result. */
const checkMsMax = 4500

/** Runs all checks at the same time, and returns their results in the catalogue's order within five seconds. */
export async function runChecks(config: BridgeConfig, folder: string): Promise<Check[]> {
  const signal = AbortSignal.timeout(checkMsMax)
  const found = await Promise.all([
    within('bridge', checkBridge(config)),
    within('state-folder', checkStateFolder(config)),
    within('key', checkKey(config)),
    within('clock', checkClock(config)),
    within('sqs', checkCloud(config)),
    within('ari', checkAri(config, signal)),
    within('ami', checkAmi(config, folder, signal)),
    within('menus', checkMenus(config)),
    within('cdr-settings', checkCdrSettings(folder, config.cdr.file)),
    within(config.cdr.database ? 'cdr-database' : 'cdr-file', checkRecords(config)),
  ])
  return found.flat().sort((a, b) => checkIds.indexOf(a.id) - checkIds.indexOf(b.id))
}

async function checkRecords({ cdr }: BridgeConfig): Promise<Check[]> {
  try {
    return await cdrOrigin(cdr).checks(cdrFormat(cdr))
  } catch (error) {
    const reason = `${cdr.file} cannot be read (${errorCode(error) || describeError(error)})`
    const repair = "Add the bridge's user to the group of the file, or correct cdr.file"
    return [{ id: 'cdr-file', state: 'failed', reason, repair }]
  }
}

/** A check that takes too long has failed, and the others still show. */
async function within(id: CheckId, check: Promise<Check[]>): Promise<Check[]> {
  const late = Promise.withResolvers<Check[]>()
  const timer = setTimeout(() => {
    const reason = `no result within ${checkMsMax / 1000} s`
    late.resolve([{ id, state: 'failed', reason, repair: 'Run the check again on a machine that is less busy' }])
  }, checkMsMax)
  try {
    return await Promise.race([check, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
