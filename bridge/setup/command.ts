import { asText } from '../check/command.ts'
import { readConfig } from '../config.ts'
import { errorCode, exitStatus, FatalError } from '../failure.ts'
import { CloudClock, clockRepair, refusedMs } from '../operate/cloud-clock.ts'
import { applyPlan, undo } from './apply.ts'
import { consents } from './consent.ts'
import { diffOf } from './diff.ts'
import { type Journal, type Leftover, readJournal } from './journal.ts'
import { parseSetupOptions, type SetupOptions } from './options.ts'
import { kindNames } from './pbx-kind.ts'
import { makePlan, type Plan } from './plan.ts'
import { reloadSystemd, startService, stopService, userName } from './service.ts'
import { SetupRefusedError } from './setup-error.ts'
import { readKeyFile, siteChangeOf, storeSite } from './site-settings.ts'

/**
 * Runs `switchhook-bridge setup`: shows what it would change on this PBX, and after consent enrols the bridge, changes Asterisk,
 * checks the result and starts the service; `--undo` takes all of it back. Returns the exit status.
 */
export async function runSetup(args: string[]): Promise<number> {
  const options = parseSetupOptions(args)
  const journal = await readJournal(options.folder)
  if (options.undo) return runUndo(options, journal)
  if (journal?.state === 'applied') {
    const sentence = `this PBX was set up on ${journal.at.slice(0, 10)}: switchhook-bridge check says whether all is well, and setup --undo takes it back`
    throw new SetupRefusedError('already-set-up', sentence)
  }
  if (journal && options.dryRun) print('An earlier setup was interrupted; the next run of setup takes it back first.')
  else if (journal) {
    report(await undo(options.folder, journal, { keepKey: true }))
    print('An earlier setup was interrupted: its changes were taken back.')
  }
  const key = await readKey(options)
  if (options.api !== undefined) await requireCloud(options.api)
  const plan = await makePlan(options)
  const { change, lines } = siteChangeOf(plan.proposal)
  print(await describePlan(plan, options))
  print(['Settings of the site, as the PBX has them:', ...lines, ''].join('\n'))
  if (options.dryRun) {
    print('Nothing was changed (--dry-run).')
    return 0
  }
  if (!options.yes && !(await consents('Make these changes? [y/N] '))) {
    print('Nothing was changed.')
    return exitStatus.tempFail
  }
  return carryOut(plan, { ...options, earlier: journal }, change, key)
}

async function carryOut(
  plan: Plan,
  options: SetupOptions & { earlier: Journal | undefined },
  change: ReturnType<typeof siteChangeOf>['change'],
  key: string | undefined,
): Promise<number> {
  const { code = '', api = '', folder, stateFolder } = options
  const stop = new AbortController()
  const interrupt = () => stop.abort()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, interrupt)
  const checks = await applyPlan(plan, {
    code,
    api,
    folder,
    stateFolder,
    earlier: options.earlier,
    signal: stop.signal,
  })
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(name, interrupt)
  print('Everything is in place. switchhook-bridge setup --undo takes it back.\n')
  const { site, queues } = await readConfig(plan.configFile)
  if (checks.length > 0) print(asText(checks))
  print(
    `The firewall must let this machine reach, by HTTPS: ${[...new Set([api, ...Object.values(queues)].map(hostOf))].join(', ')}.`,
  )
  if (options.yes || key === undefined || (await consents('Store the settings of the site above? [y/N] ')))
    print(await storeSite(api, site, change, key))
  print(options.noStart ? `The service was not started (--no-start).` : await startService(plan.configFile))
  return checks.some(({ state }) => state === 'failed') ? exitStatus.config : 0
}

async function runUndo({ folder }: SetupOptions, journal: Journal | undefined): Promise<number> {
  if (!journal) {
    const sentence = `there is nothing to undo in ${folder}: setup was not run here, or was undone; name its folder with --folder`
    throw new FatalError('nothing-to-undo', exitStatus.noInput, sentence)
  }
  await stopService()
  const leftovers = await undo(folder, journal, { keepKey: false })
  await reloadSystemd()
  report(leftovers)
  print(
    leftovers.length === 0 ? 'Every file is as it was before setup.' : 'Every other file is as it was before setup.',
  )
  print(
    'The call records that Asterisk wrote, and what the bridge has not sent yet, were left. Revoke the bridge in the cloud: DELETE /v1/sites/SITE/bridges/KEY.',
  )
  return leftovers.length === 0 ? 0 : exitStatus.dataError
}

function report(leftovers: readonly Leftover[]): void {
  for (const { path, why } of leftovers) print(`Left as it is: ${path} (${why}).`)
}

/** The cloud must answer, and the clock must be right, before anything is changed. Throws SetupRefusedError. */
export async function requireCloud(api: string): Promise<void> {
  const clock = new CloudClock()
  await clock.ask(api)
  const isOff = clock.fault !== undefined && (!clock.isKnown || Math.abs(clock.offsetMs) > refusedMs)
  if (isOff) throw new SetupRefusedError('clock-wrong', `${clock.fault} ${clockRepair} Then run setup again.`)
  if (clock.isKnown) return
  const sentence = `the API at ${hostOf(api)} does not answer: check --api, and that the firewall lets this machine reach it by HTTPS (a proxy is taken from HTTPS_PROXY with NODE_USE_ENV_PROXY=1)`
  throw new SetupRefusedError('api-unreachable', sentence, exitStatus.unavailable)
}

async function readKey({ keyFile }: SetupOptions): Promise<string | undefined> {
  try {
    return await readKeyFile(keyFile)
  } catch (cause) {
    const sentence = `the API key in ${keyFile} cannot be read (${errorCode(cause)}): correct --key-file`
    throw new FatalError('key-unreadable', exitStatus.noInput, sentence, { cause })
  }
}

async function describePlan(plan: Plan, { api }: SetupOptions): Promise<string> {
  const { asterisk, kind, changes, reloads, notes } = plan
  const version = asterisk.version === undefined ? 'Asterisk, which does not run' : `Asterisk ${asterisk.version}`
  return [
    `Found ${version}, user ${await userName(asterisk.uid)}, configuration in ${asterisk.etc}; ${kindNames[kind]} manages it.`,
    '',
    'Changes:',
    '',
    diffOf(changes),
    'Then in the console of Asterisk, which ends no call:',
    ...(asterisk.version === undefined ? [] : reloads.map((command) => `  ${command}`)),
    '',
    ...notes.map((note) => `Note: ${note}`),
    `The bridge needs HTTPS (port 443) to ${api === undefined ? 'the API' : hostOf(api)} and to SQS in the same region, and nothing from outside.`,
    '',
  ].join('\n')
}

const hostOf = (url: string) => new URL(url).host

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
