import * as v from 'valibot'
import { recommendedMapping } from '../../contracts/cdr-row/layout.ts'
import { AriRefusedError, startFailure } from '../asterisk/ari-errors.ts'
import { AriRest } from '../asterisk/ari-rest.ts'
import { asteriskVersion } from '../asterisk/asterisk-version.ts'
import { runningModules } from '../asterisk/loaded-modules.ts'
import type { BridgeConfig } from '../config.ts'
import type { Check } from '../operate/checks.ts'

/** Versions that `docs/asterisk-versions.md` names. */
const supported: readonly number[] = [16, 18, 20, 22]
/** What the bridge asks ARI for, by module. */
export const modulesOfBridge = [
  'res_stasis',
  'res_ari_applications',
  'res_ari_asterisk',
  'res_ari_bridges',
  'res_ari_channels',
  'res_ari_device_states',
  'res_ari_endpoints',
  'res_ari_events',
]
const modulesOfMenus = ['app_stasis', 'res_ari_playbacks', 'res_ari_sounds']
export const backEndsOfBridge = ['cdr_custom', 'cdr_csv']

/** Checks ARI: whether it can be reached, the rights of the user, the version and the modules. Makes no call and no change. */
export async function checkAri({ ari, menus, cdr }: BridgeConfig, signal: AbortSignal): Promise<Check[]> {
  const rest = new AriRest(ari.url, ari)
  try {
    const version = await asteriskVersion(rest, signal)
    await requireWriteAccess(rest, signal)
    const reachable: Check = { id: 'ari', state: 'ok', reason: `${ari.user} may read and write at ${ari.url}` }
    return [
      reachable,
      versionCheck(version),
      ...(await moduleChecks(rest, { hasMenus: menus !== undefined, hasTable: cdr.database !== undefined }, signal)),
    ]
  } catch (error) {
    if (v.isValiError(error)) return [failed('ari', `${ari.url} answers, but not as ARI does`, 'Correct ari.url')]
    const { reason, repair = 'See ari.conf and http.conf' } = startFailure(error, ari).parts
    return [failed('ari', reason, repair)]
  }
}

/** A read-only user is refused before Asterisk looks for the bridge, which does not exist. Throws AriRefusedError. */
async function requireWriteAccess(rest: AriRest, signal: AbortSignal): Promise<void> {
  try {
    await rest.delete('/bridges/switchhook-check', signal)
  } catch (error) {
    if (!(error instanceof AriRefusedError && error.status === 404)) throw error
  }
}

function versionCheck(version: string): Check {
  const id = 'asterisk-version'
  const major = Number(/\d+/.exec(version)?.[0])
  if (supported.includes(major)) return { id, state: 'ok', reason: `Asterisk ${version}` }
  const reason = `Asterisk ${version} is not a version that Switchhook is tested with (${supported.join(', ')})`
  return { id, state: 'warning', reason, repair: 'It may work: compare a few calls with the call log' }
}

async function moduleChecks(
  rest: AriRest,
  { hasMenus, hasTable }: { hasMenus: boolean; hasTable: boolean },
  signal: AbortSignal,
): Promise<Check[]> {
  const id = 'asterisk-modules'
  const listed = await runningModules(rest, signal)
  if (!listed) return [failed(id, 'Asterisk does not list its modules', 'Load res_ari_asterisk.so')]
  const running = new Set([...listed].map((name) => name.replace(/\.so$/, '')))
  const wanted = [...modulesOfBridge, ...(hasMenus ? modulesOfMenus : [])]
  const missing = wanted.filter((name) => !running.has(name))
  const modules: Check =
    missing.length === 0
      ? { id, state: 'ok', reason: 'every module that the bridge uses is loaded' }
      : failed(id, `modules are not loaded: ${missing.join(', ')}`, loadLines(missing))
  return [modules, hasTable ? tableBackEndCheck(running) : backEndCheck(running)]
}

function backEndCheck(running: ReadonlySet<string>): Check {
  const id = 'cdr-back-end'
  const files = backEndsOfBridge.filter((name) => running.has(name))
  if (files.length > 0) return { id, state: 'ok', reason: `records are written to a file by ${files.join(' and ')}` }
  const others = [...running].filter((name) => /^cdr_/.test(name)).sort()
  const found = others.length > 0 ? `only ${others.join(', ')} writes records` : 'no module writes records'
  const repair = `In cdr_custom.conf:\n${recommendedMapping}${loadLines(['cdr_custom'])}`
  return failed(id, `${found}, so that there is no file for the bridge`, repair)
}

const tableBackEnds = ['cdr_adaptive_odbc', 'cdr_odbc', 'cdr_mysql', 'cdr_pgsql']

/** Two modules that write into one table make two rows of each call. */
function tableBackEndCheck(running: ReadonlySet<string>): Check {
  const id = 'cdr-back-end'
  const [only, ...more] = tableBackEnds.filter((name) => running.has(name))
  if (!only) {
    const repair = 'Load the module of the database, such as cdr_adaptive_odbc.so, and configure it'
    return failed(id, 'no module writes records to a table', repair)
  }
  if (more.length === 0) return { id, state: 'ok', reason: `records are written to a table by ${only}` }
  const reason = `${[only, ...more].join(' and ')} write records: if they share the table, each call has two rows`
  return { id, state: 'warning', reason, repair: `In modules.conf: noload = ${more[0]}.so` }
}

const loadLines = (names: readonly string[]) =>
  names.map((name) => `asterisk -rx "module load ${name}.so"`).join('\n') +
  '\nand remove their lines "noload" from modules.conf'

function failed(id: Check['id'], reason: string, repair: string): Check {
  return { id, state: 'failed', reason, repair }
}
