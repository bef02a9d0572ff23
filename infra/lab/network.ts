import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runCommand } from '../asterisk/install/command.ts'
import { addresses } from './addresses.ts'
import { LabCommandError } from './errors.ts'
import { counterRules, routerRules } from './router.ts'
import type { Situation } from './situation.ts'

/** The three networks of a situation: the internet, the router and the home of phone A. */
export interface Networks extends AsyncDisposable {
  /** Command prefixes that run a program in a network. */
  readonly internet: readonly string[]
  readonly router: readonly string[]
  readonly home: readonly string[]
  /** Address of phone A. */
  readonly phoneA: string
  /** Counts the audio packets of both phones since the networks were made. */
  count(): Promise<{ a: Packets; b: Packets }>
}

export interface Packets {
  readonly heard: number
  readonly sent: number
}

const COMMAND_MS_MAX = 60_000

/** Makes the networks of a situation. They exist only in the laboratory's own mount namespace. */
export async function makeNetworks(situation: Situation, folder: string): Promise<Networks> {
  const { id, router, forgetsSeconds } = situation
  const names = { internet: `internet-${id}`, router: `router-${id}`, home: `home-${id}` }
  const isTranslated = router === 'random' || router === 'preserving'
  const phoneA = isTranslated ? addresses.phoneA : addresses.publicPhoneA
  await using made = new AsyncDisposableStack()
  for (const name of Object.values(names)) {
    await run(['ip', 'netns', 'add', name])
    made.defer(() => run(['ip', 'netns', 'delete', name]).then(() => undefined))
  }
  for (const command of linkCommands(names, isTranslated)) await run(command)
  const within = (name: string) => ['nsenter', `--net=/run/netns/${name}`]
  const load = async (name: string, rules: string) => {
    const file = join(folder, `${name}.nft`)
    await writeFile(file, rules)
    await run([...within(name), 'nft', '-f', file])
  }
  await load(names.router, routerRules(router))
  await load(names.home, counterRules(phoneA))
  await load(names.internet, counterRules(addresses.phoneB))
  if (forgetsSeconds !== undefined) {
    for (const setting of ['nf_conntrack_udp_timeout', 'nf_conntrack_udp_timeout_stream'])
      await write(within(names.router), `/proc/sys/net/netfilter/${setting}`, forgetsSeconds)
  }
  await write(within(names.router), '/proc/sys/net/ipv4/ip_forward', 1)
  const owned = made.move()
  return {
    internet: within(names.internet),
    router: within(names.router),
    home: within(names.home),
    phoneA,
    count: async () => ({ a: await packetsIn(within(names.home)), b: await packetsIn(within(names.internet)) }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** Returns the commands that connect the three networks and give them addresses. */
function linkCommands(names: { internet: string; router: string; home: string }, isTranslated: boolean): string[][] {
  const { internet, router, home } = names
  const [gateway, phone] = isTranslated
    ? [addresses.home, addresses.phoneA]
    : [addresses.publicHome, addresses.publicPhoneA]
  const ip = (name: string, text: string) => ['ip', '-n', name, ...text.split(' ')]
  return [
    ip(internet, `link add net0 type veth peer name wan netns ${router}`),
    ip(router, `link add lan type veth peer name eth0 netns ${home}`),
    // Packets to addresses that nobody has go this way and get lost, as in the internet.
    ip(internet, 'link add void0 type veth peer name void1'),
    ip(internet, 'link set void0 arp off up'),
    ip(internet, 'link set void1 arp off up'),
    ...[addresses.pbx, addresses.stun, addresses.phoneB].map((one) => ip(internet, `addr add ${one}/24 dev net0`)),
    ip(router, `addr add ${addresses.router}/24 dev wan`),
    ip(router, `addr add ${gateway}/24 dev lan`),
    ip(home, `addr add ${phone}/24 dev eth0`),
    ...[internet, router, home].map((name) => ip(name, 'link set lo up')),
    ...[ip(internet, 'link set net0 up'), ip(router, 'link set wan up'), ip(router, 'link set lan up')],
    ip(home, 'link set eth0 up'),
    ip(home, `route add default via ${gateway}`),
    ip(internet, 'route add default dev void0'),
    ...(isTranslated ? [] : [ip(internet, `route add 198.51.100.0/24 via ${addresses.router}`)]),
  ]
}

async function packetsIn(within: readonly string[]): Promise<Packets> {
  const text = await run([...within, 'nft', 'list', 'counters'])
  const of = (name: string) => Number(new RegExp(`counter ${name} \\{\\s*packets (\\d+)`).exec(text)?.[1] ?? Number.NaN)
  return { heard: of('heard'), sent: of('sent') }
}

const write = (within: readonly string[], file: string, value: number) =>
  run([...within, 'sh', '-c', `echo ${value} > ${file}`])

/** Runs a command and returns its output. @throws LabCommandError */
export async function run(command: readonly string[]): Promise<string> {
  const [program = '', ...args] = command
  const { code, stdout, stderr } = await runCommand(program, args, { timeoutMs: COMMAND_MS_MAX })
  if (code !== 0) throw new LabCommandError(command.join(' '), stderr)
  return stdout
}
