import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { spawnTied } from '../asterisk/instance/process.ts'
import { AsteriskInstance } from '../asterisk/instance.ts'
import { addresses, phoneRtpPort, sipPort, stunPort } from './addresses.ts'
import { LabCommandError } from './errors.ts'
import { type Networks, run } from './network.ts'
import { accounts, pbxPorts, renderSituation } from './pbx-files.ts'
import { phonePorts, renderPhone } from './phone-files.ts'
import type { Situation } from './situation.ts'
import type { StunAddress } from './stun.ts'

/** The programs of a situation. */
export interface Agents extends AsyncDisposable {
  readonly pbx: AsteriskInstance
  readonly a: AsteriskInstance
  readonly b: AsteriskInstance
}

const launcher = fileURLToPath(new URL('../launch.mjs', import.meta.url))
const stunProgram = fileURLToPath(new URL('stun.ts', import.meta.url))

/** Starts Asterisk, the STUN server where one is used, and both phones, each in its network. */
export async function startAgents(situation: Situation, networks: Networks, options: StartOptions): Promise<Agents> {
  const { root, folder } = options
  await using started = new AsyncDisposableStack()
  const pbxFolder = join(folder, 'pbx')
  const { files, secrets } = renderSituation(situation, { root, folder: pbxFolder })
  const pbx = started.use(
    new AsteriskInstance({
      ...{ root, folder: pbxFolder, address: addresses.pbx, ports: pbxPorts, secrets, files },
      network: networks.internet,
    }),
  )
  await pbx.start()
  const phone = async (which: 'a' | 'b', seenAs?: StunAddress) => {
    const [address, network] = which === 'a' ? [networks.phoneA, networks.home] : [addresses.phoneB, networks.internet]
    const own = join(folder, which)
    const account = accounts[which]
    const password = secrets.endpoints[account] ?? ''
    const rport = which === 'b' || situation.rport
    const phoneFiles = renderPhone({ root, folder: own, account, password, address, rport, seenAs })
    const instance = started.use(
      new AsteriskInstance({ root, folder: own, address, ports: phonePorts, secrets, files: phoneFiles, network }),
    )
    await instance.start()
    return instance
  }
  const b = await phone('b')
  const a = await phone('a', situation.stun ? await seenByStun(networks, folder, started) : undefined)
  const owned = started.move()
  return { pbx, a, b, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

export interface StartOptions {
  /** The unpacked Asterisk. */
  readonly root: string
  readonly folder: string
}

/**
 * Starts coturn and asks it from both ports of phone A, as a phone with STUN does before it registers. Asterisk as a phone can name
 * another port for SIP but not for audio; behind a router that keeps ports both are the same.
 */
async function seenByStun(networks: Networks, folder: string, started: AsyncDisposableStack): Promise<StunAddress> {
  const cwd = join(folder, 'stun')
  await mkdir(cwd, { recursive: true })
  const options = ['-n', '--stun-only', '--no-tls', '--no-dtls', '--no-cli', '--log-file=stdout', '--simple-log']
  const server = await spawnTied(
    [
      ...[...networks.internet, 'turnserver', ...options, `--pidfile=${join(cwd, 'pid')}`],
      ...[`--listening-ip=${addresses.stun}`, `--listening-port=${stunPort}`, `--userdb=${join(cwd, 'db')}`],
    ],
    { cwd, outputFile: join(cwd, 'log') },
  )
  started.defer(() => {
    server.kill('SIGKILL')
  })
  const ask = async (port: number) => {
    const local = [networks.phoneA, `${port}`, addresses.stun, `${stunPort}`]
    const text = await run([...networks.home, process.execPath, launcher, stunProgram, ...local])
    const [address = '', seenPort] = text.trim().split(' ')
    if (!Number(seenPort)) throw new LabCommandError('the STUN query', text)
    return { address, port: Number(seenPort) }
  }
  await ask(phoneRtpPort)
  return ask(sipPort)
}
