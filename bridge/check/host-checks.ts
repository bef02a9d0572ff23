import { access, constants, open, rm, stat, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import * as v from 'valibot'
import type { BridgeConfig } from '../config.ts'
import { errorCode, FatalError } from '../failure.ts'
import { readSigningKey } from '../forward/signing-key.ts'
import { readMenus } from '../menus/menu-files.ts'
import type { Check } from '../operate/checks.ts'
import { isFolderLocked } from '../operate/state-folder.ts'

/** A spool holds at most 512 MiB, the quarantine 64 MiB. */
const freeBytesMin = 1024 ** 3
/** A fact waits for one fdatasync; slower disks delay presence so that people notice. */
const syncMsMax = 50
const syncs = 5

/** Checks that the bridge may write its folder. A folder that is absent is created by the bridge's first start. */
export async function checkStateFolder({ stateFolder }: Pick<BridgeConfig, 'stateFolder'>): Promise<Check[]> {
  const id = 'state-folder'
  const folder = await existing(stateFolder)
  try {
    await access(folder, constants.W_OK | constants.X_OK)
    const status = await stat(folder)
    if (!status.isDirectory()) return [unwritable(`${folder} is no folder`)]
    const { mode } = status
    if (folder === stateFolder && (mode & 0o077) !== 0) {
      const reason = `others can read ${stateFolder}, which holds phone numbers`
      return [{ id, state: 'warning', reason, repair: `chmod 700 ${stateFolder}` }, ...(await checkDisk(folder))]
    }
  } catch (error) {
    return [unwritable(`${folder} cannot be written by this user (${errorCode(error)})`)]
  }
  const reason =
    folder === stateFolder ? `${folder} can be written` : `${stateFolder} will be created at the first start`
  return [{ id, state: 'ok', reason }, ...(await checkDisk(folder))]
}

function unwritable(reason: string): Check {
  const repair = "Run the check as the bridge's user, give that user the folder (chown), or correct stateFolder"
  return { id: 'state-folder', state: 'failed', reason, repair }
}

/** Returns the folder, or the nearest one above it that exists. */
async function existing(folder: string): Promise<string> {
  try {
    await stat(folder)
    return folder
  } catch {
    return folder === dirname(folder) ? folder : existing(dirname(folder))
  }
}

async function checkDisk(folder: string): Promise<Check[]> {
  const id = 'disk'
  const file = join(folder, `.switchhook-check-${process.pid}`)
  try {
    const { bavail, bsize } = await statfs(folder)
    const freeMiB = Math.floor((bavail * bsize) / 1024 ** 2)
    if (bavail * bsize < freeBytesMin) {
      const reason = `the disk of ${folder} has ${freeMiB} MiB free; spool and quarantine may need 1,024`
      return [{ id, state: 'warning', reason, repair: 'Free space, or set stateFolder to a folder of another disk' }]
    }
    const syncMs = await measureSync(file)
    const found = `${freeMiB} MiB free, a sync takes ${syncMs.toFixed(1)} ms`
    if (syncMs <= syncMsMax) return [{ id, state: 'ok', reason: found }]
    const repair = `Presence waits for each sync: set stateFolder to a faster disk`
    return [{ id, state: 'warning', reason: found, repair }]
  } catch (error) {
    const reason = `the disk of ${folder} cannot be tried (${errorCode(error)})`
    return [{ id, state: 'failed', reason, repair: 'Repair the disk, or set stateFolder to a folder of another one' }]
  } finally {
    await rm(file, { force: true })
  }
}

/** Returns the median time of an fdatasync after 4 KiB, in milliseconds. */
async function measureSync(path: string): Promise<number> {
  await using file = await open(path, 'wx', 0o600)
  const times: number[] = []
  for (let n = 0; n < syncs; n++) {
    await file.write(Buffer.alloc(4096))
    const begun = performance.now()
    await file.datasync()
    times.push(performance.now() - begun)
  }
  return times.sort((a, b) => a - b)[Math.floor(syncs / 2)] ?? 0
}

export async function checkKey({ key }: BridgeConfig): Promise<Check[]> {
  const id = 'key'
  try {
    await readSigningKey(key.privateKeyFile)
    return [{ id, state: 'ok', reason: `${key.privateKeyFile} is the key ${key.id}` }]
  } catch (error) {
    if (!(error instanceof FatalError)) throw error
    const repair = 'Enrol the bridge again: switchhook-bridge enroll CODE --api URL --folder DIR'
    return [{ id, state: 'failed', reason: error.message, repair }]
  }
}

export async function checkMenus({ menus }: BridgeConfig): Promise<Check[]> {
  if (!menus) return []
  const id = 'menus'
  try {
    const extensions = [...(await readMenus(menus.files)).keys()]
    if (menus.sounds !== undefined) await access(menus.sounds, constants.W_OK)
    return [{ id, state: 'ok', reason: `menus of the extensions ${extensions.join(', ')}` }]
  } catch (error) {
    if (error instanceof FatalError)
      return [{ id, state: 'failed', reason: error.message, repair: 'Correct the file, or remove it from menus.files' }]
    const reason = `the folder ${menus.sounds} cannot be written (${errorCode(error)})`
    return [{ id, state: 'failed', reason, repair: `Create it for the bridge's user, readable by Asterisk` }]
  }
}

const Health = v.looseObject({
  site: v.string(),
  status: v.string(),
  components: v.record(v.string(), v.looseObject({ status: v.string(), reason: v.optional(v.string()) })),
})

/** Whether a bridge runs with this configuration, and which of its components are down. */
export async function checkBridge({ site, stateFolder, health }: BridgeConfig): Promise<Check[]> {
  const id = 'bridge'
  const isRunning = await isFolderLocked(stateFolder).catch(() => false)
  const port = health?.port ?? 0
  const answer = port === 0 ? undefined : await healthAt(port)
  if (!isRunning) {
    if (answer === undefined) return [{ id, state: 'ok', reason: 'no bridge is running' }]
    const reason = `the port ${port} of /healthz is taken by another program`
    return [{ id, state: 'failed', reason, repair: 'Set health.port to a free port' }]
  }
  const parsed = v.safeParse(Health, answer)
  if (!parsed.success || parsed.output.site !== site) return [{ id, state: 'ok', reason: 'a bridge is running' }]
  const { components } = parsed.output
  const down = Object.entries(components).flatMap(([name, { status, reason }]) =>
    status === 'up' ? [] : reason === undefined ? name : `${name} (${reason})`,
  )
  if (down.length === 0) return [{ id, state: 'ok', reason: 'a bridge is running, and all its components are up' }]
  const reason = `a bridge is running; down: ${down.join(', ')}`
  return [{ id, state: 'warning', reason, repair: `Read its log; http://127.0.0.1:${port}/healthz has the details` }]
}

/** Undefined if nothing listens there; null if it is no `/healthz`. */
async function healthAt(port: number): Promise<unknown> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/healthz`, { signal: AbortSignal.timeout(2000) })
    return await response.json()
  } catch (error) {
    return errorCode(error) === 'ECONNREFUSED' ? undefined : null
  }
}
