import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { bridgeFiles } from '../../infra/build/bridge.ts'
import { packagesOf } from '../../infra/build/packages/bridge-packages.ts'
import { nodeRuntime } from '../../infra/build/packages/node-runtime.ts'
import { buildBridgeProgram } from '../../infra/start/build.ts'

const run = promisify(execFile)
const versions = ['1.0.0', '1.0.1'] as const

/** What a person types in the root, and what must be printed. Each line is one command of `sh`. */
const steps: readonly (readonly [what: string, command: string, wanted: RegExp])[] = [
  ['it installs without network', 'dpkg -i /tmp/one.deb', /Next: switchhook-bridge setup CODE/],
  [
    'it has a user of its own',
    'id -un switchhook; stat -c "%a %U" /var/lib/switchhook',
    /^switchhook\n700 switchhook$/m,
  ],
  ['it runs with its own Node', 'switchhook-bridge --version', /^1\.0\.0$/m],
  [
    'it says what is missing',
    'switchhook-bridge setup --dry-run 2>&1; echo $?',
    /no Asterisk was found here[\s\S]*\n78$/m,
  ],
  [
    'an upgrade keeps state and configuration',
    'mkdir /etc/switchhook; echo {} >/etc/switchhook/bridge.json; echo key >/var/lib/switchhook/bridge-key.pem; dpkg -i /tmp/two.deb; switchhook-bridge --version; cat /var/lib/switchhook/bridge-key.pem /etc/switchhook/bridge.json',
    /1\.0\.1\nkey\n\{\}$/m,
  ],
  ['a downgrade keeps them too', 'dpkg -i /tmp/one.deb; cat /var/lib/switchhook/bridge-key.pem', /\nkey$/m],
  [
    'a removal keeps them, and removes the program',
    'dpkg -r switchhook-bridge; cat /var/lib/switchhook/bridge-key.pem; ls /usr/lib/switchhook-bridge 2>&1',
    /key\n.*No such file/,
  ],
  [
    'a purge leaves nothing',
    'dpkg -i /tmp/one.deb; dpkg -P switchhook-bridge; ls -d /etc/switchhook /var/lib/switchhook 2>&1; id switchhook 2>&1; find / -xdev -not -path "/proc/*" -not -path "/var/lib/dpkg/*" -not -path "/var/log/*" -name "*switchhook*"',
    /cannot access '\/etc\/switchhook'.*\n.*cannot access '\/var\/lib\/switchhook'.*\n.*no such user$/,
  ],
]

/**
 * `npm run campaign -- package-install [ROOT]`: installs, upgrades, removes and purges the real package in a clean Debian 12. Needs root,
 * and `debootstrap` unless ROOT is such a system. systemd does not run there, so the unit is not started.
 */
export async function main([given]: string[]): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'package-install-'))
  const root = given ?? path.join(folder, 'root')
  try {
    if (!given) await run('debootstrap', ['--variant=minbase', 'bookworm', root, await mirror()], { maxBuffer: 1e8 })
    await copyPackages(folder, root)
    for (const [what, command, wanted] of steps) {
      const { stdout } = await run('chroot', [root, 'sh', '-c', `${command} || true`], {
        env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', DEBIAN_FRONTEND: 'noninteractive' },
      })
      if (!wanted.test(stdout.trimEnd())) throw new Error(`${what}: not so after ${command}\n${stdout}`)
      console.log(`${what}: yes`)
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function copyPackages(folder: string, root: string): Promise<void> {
  const bundleFolder = path.dirname(await buildBridgeProgram(process.cwd()))
  const runtime = await nodeRuntime(process.cwd(), 'x64')
  for (const [n, version] of versions.entries()) {
    const own = await mkdtemp(path.join(folder, 'bundle-'))
    const { version: built } = JSON.parse(await readFile('package.json', 'utf8'))
    await mkdir(path.join(own, 'parts'))
    for (const file of await bridgeFiles(bundleFolder)) {
      const text = await readFile(path.join(bundleFolder, file), 'utf8')
      await writeFile(path.join(own, file), text.replaceAll(`"${built}"`, `"${version}"`))
    }
    const sources = { root: process.cwd(), bundleFolder: own, version, processor: 'x64', runtime } as const
    const packages = await packagesOf(sources)
    const [deb] = Object.entries(packages).flatMap(([name, bytes]) => (name.endsWith('.deb') ? [bytes] : []))
    if (deb) await writeFile(path.join(root, 'tmp', `${n === 0 ? 'one' : 'two'}.deb`), deb)
  }
}

/** The mirror of this machine, from either form of its sources. */
async function mirror(): Promise<string> {
  for (const file of ['/etc/apt/sources.list.d/debian.sources', '/etc/apt/sources.list']) {
    const text = existsSync(file) ? await readFile(file, 'utf8') : ''
    const found = /^(?:URIs:|deb(?: \[[^\]]*\])?)\s*(https?:\/\/\S+)/m.exec(text)?.[1]
    if (found) return found
  }
  throw new Error('no mirror of Debian in /etc/apt: pass the folder of a Debian 12 as ROOT')
}
