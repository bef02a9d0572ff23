import { chown, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { runChecks } from '../check/run-checks.ts'
import { readConfig } from '../config.ts'
import { enroll } from '../enrolment/enroll.ts'
import { enrolmentFileName, keyFileName } from '../enrolment/enrolment-file.ts'
import type { Check, CheckId } from '../operate/checks.ts'
import { describeError } from '../operate/log.ts'
import { AsteriskConsole } from './console.ts'
import { commit, makeFolder, stage, unstage } from './file-change.ts'
import { type Journal, type Leftover, takeBack, writeJournal } from './journal.ts'
import type { Plan } from './plan.ts'
import { exists, missingFolders } from './service.ts'
import { SetupRefusedError } from './setup-error.ts'

/** Checks of what setup changed: if one fails, everything is taken back. Others have causes elsewhere, such as a firewall. */
const ownChecks: readonly CheckId[] = [
  'config',
  'ari',
  'ami',
  'asterisk-modules',
  'cdr-back-end',
  'cdr-settings',
  'cdr-mapping',
]
/** Asterisk opens its web server within this time after a reload. */
const settleMsMax = 10_000
const settleMs = 250

export interface ApplyOptions {
  code: string
  api: string
  folder: string
  stateFolder: string
  /** A setup that was interrupted, and taken back but for its key. */
  earlier?: Journal | undefined
  /** Aborted by Ctrl-C: what was done so far is taken back. */
  signal: AbortSignal
}

/**
 * Enrols the bridge and changes the PBX. Returns the checks of the result. If a step fails, everything that it did on this machine
 * is taken back, and a SetupRefusedError says why; the bridge's key stays, with which the same code enrols again.
 */
export async function applyPlan(plan: Plan, options: ApplyOptions): Promise<Check[]> {
  const { changes, asterisk } = plan
  const { folder } = options
  const journal: Journal = {
    version: 1,
    state: 'applying',
    at: new Date().toISOString(),
    controlSocket: asterisk.controlSocket,
    changes: [...changes],
    ...(await foreseen(plan, options)),
    reloads: [...plan.reloads],
  }
  await writeJournal(folder, journal)
  try {
    await enrolOnce(options, plan)
    await stage(changes)
    requireWanted(options.signal)
    const { uid, gid } = asterisk
    await makeFolder(dirname(plan.cdrFile), { mode: 0o750, uid, gid })
    await commit(changes)
    requireWanted(options.signal)
    const checks = await reloadAndCheck(plan)
    requireWanted(options.signal)
    await writeJournal(folder, { ...journal, state: 'applied' })
    return checks
  } catch (error) {
    await undoAfter(error, folder, journal, plan)
    throw error
  }
}

function requireWanted(signal: AbortSignal): void {
  if (signal.aborted)
    throw new SetupRefusedError('interrupted', 'setup was interrupted, and all of its changes were taken back')
}

async function enrolOnce({ code, api, stateFolder }: ApplyOptions, { owner }: Plan): Promise<void> {
  await makeFolder(stateFolder, { mode: 0o700, ...owner })
  await enroll({ code, api, folder: stateFolder })
  if (process.getuid?.() !== 0) return
  for (const name of [keyFileName, enrolmentFileName]) await chown(join(stateFolder, name), owner.uid, owner.gid)
}

/**
 * The files and folders that will exist only through setup. A key without an enrolment is that of a setup that failed, or of one that
 * was interrupted.
 */
async function foreseen(
  { changes, cdrFile }: Plan,
  { stateFolder, earlier }: ApplyOptions,
): Promise<Pick<Journal, 'made' | 'folders'>> {
  const missing = await Promise.all([...changes.map(({ path }) => path), cdrFile].map(missingFolders))
  const key = join(stateFolder, keyFileName)
  const enrolment = join(stateFolder, enrolmentFileName)
  const isOurs = !(await exists(enrolment))
  const inState = await readdir(stateFolder).catch(() => undefined)
  const isFolderOurs = inState === undefined || (inState.length === 1 && inState[0] === keyFileName)
  return {
    made: [...new Set([...(earlier?.made ?? []), ...(isOurs ? [key, enrolment] : [])])],
    folders: [...new Set([...(earlier?.folders ?? []), ...missing.flat(), ...(isFolderOurs ? [stateFolder] : [])])],
  }
}

/** Reloads only what changed: no reload ends a call. */
async function reloadAndCheck(plan: Plan): Promise<Check[]> {
  const { asterisk } = plan
  const config = await readConfig(plan.configFile)
  if (asterisk.version === undefined) return []
  await reload(asterisk.controlSocket, plan.reloads)
  const deadline = Date.now() + settleMsMax
  for (;;) {
    const checks = await runChecks(config, asterisk.etc)
    const failed = checks.find(({ id, state }) => state === 'failed' && ownChecks.includes(id))
    if (!failed) return checks
    if (Date.now() > deadline) {
      const sentence = `the PBX does not work with the changes (${failed.reason}), so all of them were taken back: ${oneLine(failed.repair ?? 'see its log')}`
      throw new SetupRefusedError('check-failed', sentence)
    }
    await new Promise((resolve) => setTimeout(resolve, settleMs))
  }
}

const oneLine = (text: string) => text.trimEnd().replaceAll('\n', '; ')

async function reload(controlSocket: string, commands: readonly string[]): Promise<void> {
  const console = new AsteriskConsole(controlSocket)
  for (const command of commands) await console.run(command)
}

async function undoAfter(error: unknown, folder: string, journal: Journal, plan: Plan): Promise<void> {
  try {
    await unstage(plan.changes)
    await undo(folder, journal, { keepKey: true })
  } catch (second) {
    const sentence = `${describeError(error)}; taking the changes back failed too (${describeError(second)}): run switchhook-bridge setup --undo once that is repaired`
    throw new SetupRefusedError('undo-failed', sentence, undefined, { cause: error })
  }
}

/** Takes a setup back, and lets Asterisk read its files again if it runs. */
export async function undo(folder: string, journal: Journal, options: { keepKey: boolean }): Promise<Leftover[]> {
  const leftovers = await takeBack(folder, journal, options)
  // Without a running Asterisk there is nothing to reload.
  await reload(
    journal.controlSocket,
    journal.reloads.map((command) => command.replace(/^module load (?=\S)/, 'module unload ')).toReversed(),
  ).catch(() => undefined)
  return leftovers
}
