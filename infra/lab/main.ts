import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runCommand } from '../asterisk/install/command.ts'
import { installAsterisk } from '../asterisk/install.ts'
import { LabProgramsMissingError, NamespacesMissingError } from './errors.ts'
import { parseLabOptions } from './options.ts'
import { describe } from './report.ts'

const packageOf: Readonly<Record<string, string>> = {
  ip: 'iproute2',
  nft: 'nftables',
  turnserver: 'coturn',
  tcpdump: 'tcpdump',
  unshare: 'util-linux',
  nsenter: 'util-linux',
  setpriv: 'util-linux',
  hostname: 'hostname',
}

/** Networks, processes and mounts of their own: with the last process of them everything is gone, also after a kill. */
const namespaces = ['--mount', '--net', '--uts', '--pid', '--fork', '--kill-child', '--mount-proc']
const launcher = fileURLToPath(new URL('../launch.mjs', import.meta.url))
const program = fileURLToPath(new URL('inside.ts', import.meta.url))
/** `ip netns` keeps its names in /run. Asterisk looks up the name of the machine for each call, and there is no DNS inside. */
const prepare = 'mount -t tmpfs tmpfs /run && hostname localhost && exec "$@"'
const TRY_MS_MAX = 30_000

/** `npm run lab:nat`: measures what NAT does to calls, with real Asterisks in networks made for it. */
export async function main(args: string[]): Promise<void> {
  const options = parseLabOptions(args)
  if (options.isListing) {
    for (const situation of options.situations) console.log(describe(situation))
    return
  }
  await checkPrograms()
  const unshare = await allowedNamespaces()
  const { root } = await installAsterisk({
    folder: resolve('.switchhook/asterisk'),
    progress: (step) => console.log(step),
  })
  await mkdir(options.folder, { recursive: true })
  const work = await mkdtemp(join(tmpdir(), 'nat-lab-'))
  try {
    const inside = [process.execPath, launcher, program, work, root, ...args]
    // setpriv(1) ends unshare(1) with this process, and unshare ends everything inside.
    const command = ['--pdeathsig', 'KILL', 'unshare', ...unshare, 'sh', '-c', prepare, 'sh', ...inside]
    const child = spawn('setpriv', command, { stdio: 'inherit', env: { ...process.env, PATH: searchPath() } })
    const stop = () => child.kill('SIGKILL')
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
    const [code, signal] = await once(child, 'exit')
    if (signal !== null) console.error('\nStopped; everything is removed.')
    process.exitCode = code ?? 130
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** Administrators' programs are often not on the PATH of ordinary users. */
const searchPath = () => [process.env['PATH'] ?? '', '/usr/sbin', '/sbin'].join(delimiter)

async function checkPrograms(): Promise<void> {
  const missing = new Set<string>()
  for (const [name, debian] of Object.entries(packageOf)) if (!(await isOnPath(name))) missing.add(debian)
  if (missing.size > 0) throw new LabProgramsMissingError([...missing])
}

async function isOnPath(name: string): Promise<boolean> {
  const tries = searchPath()
    .split(delimiter)
    .map((folder) => access(join(folder, name)))
  return Promise.any(tries).then(
    () => true,
    () => false,
  )
}

/**
 * Returns the options of unshare(1) that work here: as root, or with all rights in a user namespace. There the user stays the same,
 * because tcpdump(1) as root would change its groups, which a user namespace does not allow.
 */
async function allowedNamespaces(): Promise<string[]> {
  let reason = ''
  for (const options of [namespaces, ['--user', '--map-current-user', '--keep-caps', ...namespaces]]) {
    const { code, stderr } = await runCommand('unshare', [...options, 'true'], { timeoutMs: TRY_MS_MAX })
    if (code === 0) return options
    reason = stderr.trim()
  }
  throw new NamespacesMissingError(reason)
}
