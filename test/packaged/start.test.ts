import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { callLog } from '../../client/call-log.ts'
import { startReplay } from '../../infra/replay/replay.ts'
import { oddTargets, rawRequest } from '../support/raw-request.ts'
import { processesOf, runStart } from '../support/start-command.ts'
import { until } from '../support/until.ts'

let folder: string
/** Port of the page that the first test started; a later start takes it again. */
let keptPort: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'start-'))
})
afterAll(async () => rm(folder, { recursive: true, force: true }))

const keyForm = /shown this once: (shk_\S+)/
const pageOf = (output: string) => new URL(/The page: (\S+)/.exec(output)?.[1] ?? '')
const settingsOf = (output: string) => new URLSearchParams(pageOf(output).hash.slice(1))

async function storedCdrs(output: string) {
  const settings = settingsOf(output)
  const setting = (name: string) => settings.get(name) ?? ''
  const reader = callLog({ apiUrl: setting('api'), site: setting('site'), key: setting('key') })
  return (await reader.listCdrs({ limit: 500 })).cdrs
}

test('npm start replays a recording as SIMULATED if asked to or if Asterisk cannot be installed, keeps its data and ends its processes', async () => {
  const own = path.join(folder, 'kept')
  const first = runStart(['--replay', '--folder', own])
  await first.untilSaid('Ready after')
  expect(first.output()).toContain('SIMULATED')
  const [, shown = ''] = keyForm.exec(first.output()) ?? []
  // The key with every scope is printed once and not stored; the page has its own key.
  expect(first.output().split(shown)).toHaveLength(2)
  expect(await readFile(path.join(own, 'start.json'), 'utf8')).not.toContain(shown)
  expect(settingsOf(first.output()).get('mode')).toBe('replay')
  keptPort = pageOf(first.output()).port
  const page = await fetch(pageOf(first.output()))
  expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('<title>')])
  const before = await storedCdrs(first.output())
  expect(before.length).toBeGreaterThan(0)
  // No request ends the command, neither at the page's port nor at those of the local cloud.
  const ports = [keptPort, new URL(settingsOf(first.output()).get('api') ?? '').port].map(Number)
  for (const port of ports) {
    for (const target of oddTargets)
      await rawRequest(port, `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
  }
  expect((await fetch(pageOf(first.output()))).status).toBe(200)
  expect(processesOf(own).length).toBeGreaterThan(0)
  expect(await first.interrupt()).toBe(0)
  expect(processesOf(own)).toEqual([])

  // With this PATH no apt is found, as on another platform, so that Asterisk cannot be installed.
  await using second = runStart(['--folder', own], { underNpm: true, env: { PATH: folder } })
  await second.untilSaid('Ready after')
  expect(second.output()).toMatch(/replays a recording\..*--mirror URL/)
  expect(second.output()).toContain('SIMULATED')
  expect(second.output()).not.toMatch(keyForm)
  expect(pageOf(second.output()).href).toBe(pageOf(first.output()).href)
  const after = await storedCdrs(second.output())
  expect(after.slice(-before.length)).toEqual(before)
  expect(after.length).toBeGreaterThan(before.length)

  const third = runStart(['--replay', '--folder', own])
  expect(await third.ended).not.toBe(0)
  expect(sentence(third.output())).toMatch(/runs? |in use|another/)

  // Whatever ends the command ends its children: here npm is killed, and passes no signal on.
  await second.kill()
  await until('the end of all processes', async () => processesOf(own).length === 0, 30_000)
})

test('npm start -- --pbx connects to another PBX; a wrong password ends in an error that does not contain it', async () => {
  await using pbx = await startReplay({
    folder: path.join(folder, 'own-pbx'),
    recordings: [],
    user: 'u',
    password: 'right',
  })
  const host = new URL(pbx.ariUrl).host
  const args = ['--cdr', pbx.cdrFile, '--folder', path.join(folder, 'own')]
  const wrong = runStart([...args, '--pbx', `ws://u:not-the-word@${host}`])
  expect(await wrong.ended).toBe(69)
  expect(sentence(wrong.output())).toMatch(/password/)
  expect(wrong.output()).not.toContain('not-the-word')
  await using right = runStart([...args, '--pbx', `ws://u@${host}`], { env: { ARI_PASSWORD: 'right' } })
  await right.untilSaid('Ready after')
  expect(right.output()).toContain(`your Asterisk at ${host}`)
  // A command that is killed itself cannot stop its children: they notice it.
  const own = path.join(folder, 'own')
  expect(processesOf(own).length).toBeGreaterThan(1)
  await right.kill()
  await until('the end of all processes', async () => processesOf(own).length === 0, 30_000)
})

test.each([
  ['an unknown option', ['--nonsense'], 64, /npm start -- --replay/],
  ['a PBX without its CDR file', ['--pbx', 'ws://u:p@127.0.0.1:1'], 64, /--cdr FILE/],
  ['a folder that cannot be created', ['--replay', '--folder', '/dev/null/here'], 77, /cannot be written.*--folder/],
])('npm start with %s ends with one sentence and the right exit status', async (_, args, status, words) => {
  const command = runStart(args)
  expect(await command.ended).toBe(status)
  expect(command.output()).toMatch(words)
  expect(command.output()).not.toMatch(/\n\s+at /)
})

test('npm start names a port that is in use and exits with 69', async () => {
  const port = keptPort
  const squatter = createServer()
  await new Promise<void>((resolve) => squatter.listen(Number(port), '127.0.0.1', resolve))
  const second = runStart(['--replay', '--folder', path.join(folder, 'kept')])
  expect(await second.ended).toBe(69)
  expect(sentence(second.output())).toMatch(new RegExp(`Port ${port} .* in use`))
  squatter.close()
})

test('npm start on an old version of Node ends with a sentence that says to run npm ci', async () => {
  const old = path.join(folder, 'old-node.mjs')
  await writeFile(old, "Object.defineProperty(process.versions, 'node', { value: '20.20.2' })")
  const command = runStart([], { nodeArgs: ['--import', old] })
  expect(await command.ended).toBe(1)
  expect(sentence(command.output())).toMatch(/Node 24 or later.*npm ci/)
})

/** Returns the last line of the output, which must not contain a stack trace. */
function sentence(output: string): string {
  expect(output).not.toMatch(/\n\s+at /)
  return output.trimEnd().split('\n').at(-1) ?? ''
}
