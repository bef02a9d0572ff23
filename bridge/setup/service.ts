import { execFile } from 'node:child_process'
import { readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { describeError } from '../operate/log.ts'

const unitName = 'switchhook-bridge.service'
const unitFolders = ['/etc/systemd/system', '/lib/systemd/system', '/usr/lib/systemd/system']
const systemdRuns = '/run/systemd/system'
/** `enable --now` returns once the process runs. */
const startMsMax = 60_000

/** Path of the file by which the unit learns the group that may read Asterisk's call records. */
export const dropInPath = join('/etc/systemd/system', `${unitName}.d`, 'asterisk.conf')

export const dropInText = (group: string) =>
  `# Written by switchhook-bridge setup: the group of Asterisk, which may read its call records.\n[Service]\nSupplementaryGroups=${group}\n`

export async function hasUnit(): Promise<boolean> {
  const found = await Promise.all(unitFolders.map((folder) => exists(join(folder, unitName))))
  return found.includes(true)
}

/** Starts the service, and at each boot. Returns a sentence about what was done or what to do. */
export async function startService(configFile: string): Promise<string> {
  const byHand = `Start the bridge with: ${process.execPath} ${process.execArgv.concat(process.argv[1] ?? '').join(' ')} --config ${configFile}`
  if (!(await hasUnit())) return `No unit ${unitName} is installed. ${byHand}`
  if (!(await exists(systemdRuns))) return `systemd does not run here. ${byHand}`
  try {
    await systemctl('daemon-reload')
    await systemctl('enable', '--now', unitName)
    return `The service ${unitName} runs, and starts at each boot. Its log: journalctl -u switchhook-bridge`
  } catch (error) {
    return `The service could not be started (${describeError(error)}): systemctl status ${unitName} says why.`
  }
}

/** Stops the service, if there is one. */
export async function stopService(): Promise<void> {
  if (!(await hasUnit()) || !(await exists(systemdRuns))) return
  await systemctl('disable', '--now', unitName).catch(() => undefined)
}

/** Lets systemd forget the file that `undo` removed. */
export async function reloadSystemd(): Promise<void> {
  if (await exists(systemdRuns)) await systemctl('daemon-reload').catch(() => undefined)
}

const systemctl = (...args: string[]) => promisify(execFile)('systemctl', args, { timeout: startMsMax })

export function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

/** Returns a user of this machine, by `/etc/passwd`. */
export async function userNamed(name: string): Promise<{ uid: number; gid: number } | undefined> {
  const line = (await readFile('/etc/passwd', 'utf8').catch(() => ''))
    .split('\n')
    .find((one) => one.startsWith(`${name}:`))
  const [, , uid, gid] = line?.split(':') ?? []
  return uid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) }
}

/** Returns a group's name, or its number where it has none. */
export async function groupName(gid: number): Promise<string> {
  return named('/etc/group', gid)
}

export async function userName(uid: number): Promise<string> {
  return named('/etc/passwd', uid)
}

async function named(file: string, id: number): Promise<string> {
  const lines = (await readFile(file, 'utf8').catch(() => '')).split('\n').map((line) => line.split(':'))
  return lines.find(([, , number]) => number === String(id))?.[0] ?? String(id)
}

/** Folders above a path that do not exist yet, the deepest first. */
export async function missingFolders(path: string): Promise<string[]> {
  const folder = dirname(path)
  return folder === path || (await exists(folder)) ? [] : [folder, ...(await missingFolders(folder))]
}
