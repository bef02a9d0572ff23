import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { help } from '../../bridge/usage.ts'
import { packagesOf } from '../../infra/build/packages/bridge-packages.ts'
import { buildBridgeProgram } from '../../infra/start/build.ts'

/**
 * Goal: the packages of the bridge have what a person expects of a package, and their program runs where they are unpacked.
 * Method: packages whose Node is a script that runs the Node of this test, unpacked by Debian's and the system's own tools.
 */
const run = promisify(execFile)
const version = '7.8.9'
let folder: string
let packages: Record<string, Buffer>
let bundleFolder: string
const build = () =>
  packagesOf({
    root: process.cwd(),
    bundleFolder,
    version,
    processor: 'x64',
    runtime: {
      version: process.version,
      program: Buffer.from(`#!/bin/sh\nexec ${process.execPath} "$@"\n`),
      licence: Buffer.from('The licence of Node'),
    },
  })
beforeAll(async () => {
  bundleFolder = path.dirname(await buildBridgeProgram(process.cwd()))
  folder = await mkdtemp(path.join(tmpdir(), 'packages-'))
  packages = await build()
  for (const [name, bytes] of Object.entries(packages)) await writeFile(path.join(folder, name), bytes)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const deb = `switchhook-bridge_${version}_amd64.deb`
const tarball = `switchhook-bridge-${version}-linux-x64.tar.gz`
const hasDpkg = existsSync('/usr/bin/dpkg-deb')
const hasAnalyze = existsSync('/usr/bin/systemd-analyze')

test('equal sources give equal bytes', async () => {
  expect(Object.keys(packages)).toEqual([deb, tarball])
  const again = await build()
  for (const [name, bytes] of Object.entries(packages)) expect(again[name]?.equals(bytes), name).toBe(true)
})

test.skipIf(!hasDpkg)(
  'the Debian package has program, unit, man page, completion and licences, all of root',
  async () => {
    const { stdout: listed } = await run('dpkg-deb', ['-c', path.join(folder, deb)])
    const files = listed
      .trimEnd()
      .split('\n')
      .filter((line) => !line.startsWith('d'))
      .map((line) => line.replace(/ +\d+ \S+ \S+ /, ' '))
    const [parts, others] = [true, false].map((isPart) => files.filter((file) => file.includes('/parts/') === isPart))
    expect(parts).toContainEqual(
      expect.stringMatching(/^-rw-r--r-- root\/root \.\/usr\/lib\/switchhook-bridge\/parts\/command-\w+\.mjs$/),
    )
    expect(parts).not.toContainEqual(expect.stringContaining('.map'))
    expect(others).toEqual([
      '-rwxr-xr-x root/root ./usr/bin/switchhook-bridge',
      '-rw-r--r-- root/root ./usr/lib/switchhook-bridge/forwarding.conf',
      '-rw-r--r-- root/root ./usr/lib/switchhook-bridge/freepbx.conf',
      '-rwxr-xr-x root/root ./usr/lib/switchhook-bridge/node',
      '-rw-r--r-- root/root ./usr/lib/switchhook-bridge/switchhook-bridge.mjs',
      '-rw-r--r-- root/root ./usr/lib/systemd/system/switchhook-bridge.service',
      '-rw-r--r-- root/root ./usr/share/bash-completion/completions/switchhook-bridge',
      '-rw-r--r-- root/root ./usr/share/doc/switchhook-bridge/changelog.gz',
      '-rw-r--r-- root/root ./usr/share/doc/switchhook-bridge/copyright',
      '-rw-r--r-- root/root ./usr/share/man/man8/switchhook-bridge.8.gz',
    ])
    const { stdout: fields } = await run('dpkg-deb', ['-f', path.join(folder, deb), 'Package', 'Version', 'Depends'])
    expect(fields).toContain(`Version: ${version}`)
    expect(fields).toContain('libc6 (>= 2.28)')
  },
)

test.skipIf(!hasDpkg)('the program runs from the package, and from the tarball, by its own Node', async () => {
  const [fromDeb, fromTarball] = [path.join(folder, 'deb'), path.join(folder, 'tar')]
  await run('dpkg-deb', ['-x', path.join(folder, deb), fromDeb])
  await run('mkdir', [fromTarball])
  await run('tar', ['-xzf', path.join(folder, tarball), '-C', fromTarball, '--strip-components=1'])
  for (const program of [
    path.join(fromDeb, 'usr/bin/switchhook-bridge'),
    path.join(fromTarball, 'bin/switchhook-bridge'),
  ]) {
    const { stdout } = await run(program, ['--help'], { env: { PATH: '/usr/bin:/bin' } })
    expect(stdout).toBe(help)
  }
  const page = gunzipSync(await readFile(path.join(fromDeb, 'usr/share/man/man8/switchhook-bridge.8.gz'))).toString()
  const completion = await readFile(
    path.join(fromDeb, 'usr/share/bash-completion/completions/switchhook-bridge'),
    'utf8',
  )
  for (const [, command = ''] of help.matchAll(/^ {2}switchhook-bridge (?:--)?([a-z-]+)/gm)) {
    expect(page.replaceAll('\\-', '-')).toContain(command)
    expect(completion).toContain(command)
  }
  for (const [option = ''] of help.matchAll(/--[a-z-]+/g)) expect(completion, option).toContain(option)
  const unit = await readFile(path.join(fromTarball, 'lib/systemd/system/switchhook-bridge.service'), 'utf8')
  expect(unit).toContain('ExecStart=/usr/local/lib/switchhook-bridge/node ')
})

test.skipIf(!hasAnalyze)('systemd finds no fault in the unit, and an exposure of 3.0 or better', async () => {
  const unit = await readFile('examples/switchhook-bridge.service', 'utf8')
  const file = path.join(folder, 'switchhook-bridge.service')
  // systemd looks for the program: here it is Node at the place of the package.
  await writeFile(file, unit.replace(/^ExecStart=\S+/m, `ExecStart=${process.execPath}`))
  expect(await run('systemd-analyze', ['verify', '--man=no', file])).toEqual({ stdout: '', stderr: '' })
  const { stdout } = await run('systemd-analyze', ['security', '--offline=true', '--no-pager', file])
  const exposure = Number(/Overall exposure level for \S+: ([\d.]+)/.exec(stdout)?.[1])
  expect(exposure).toBeGreaterThan(0)
  expect(exposure).toBeLessThanOrEqual(3)
})
