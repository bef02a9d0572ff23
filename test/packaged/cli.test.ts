import { spawn } from 'node:child_process'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type SharedDeployment, sharedDeployment } from '../support/deployment.ts'

let deployment: SharedDeployment
let home: string
beforeAll(async () => {
  deployment = sharedDeployment()
  home = await mkdtemp(path.join(tmpdir(), 'sh-cli-'))
})
afterAll(async () => {
  await rm(home, { recursive: true, force: true })
})

async function switchhook(
  args: string[],
  { input = '', env = {} }: { input?: string; env?: Record<string, string> } = {},
) {
  const child = spawn(process.execPath, ['infra/launch.mjs', 'cli/main.ts', ...args], {
    env: { PATH: process.env['PATH'] ?? '', XDG_CONFIG_HOME: home, ...env },
  })
  child.stdin.end(input)
  const [out, error] = await Promise.all([text(child.stdout), text(child.stderr)])
  const status = await new Promise((resolve) => {
    if (child.exitCode !== null) resolve(child.exitCode)
    else child.once('close', resolve)
  })
  return { status, out, error }
}
async function json(args: string[]) {
  const { status, out, error } = await switchhook([...args, '--json'])
  expect([status, error]).toEqual([0, ''])
  return JSON.parse(out)
}

test('creates a profile, a site and keys, and exports the audit', async () => {
  const { cloud } = deployment
  await switchhook(['profile', 'set', 'admin', '--api', cloud.httpUrl, '--key-stdin'], { input: `${cloud.adminKey}\n` })
  const made = await json(['sites', 'create', 'lab', '--name', 'Lab', '--zone', 'Asia/Kolkata'])
  expect(made).toMatchObject({ site: 'lab', zone: 'Asia/Kolkata', apiKey: expect.stringMatching(/^shk_/) })
  await switchhook(['profile', 'set', 'lab', '--api', cloud.httpUrl, '--site', 'lab', '--key-stdin'], {
    input: made.apiKey,
  })
  expect((await switchhook(['sites', 'list'])).out).toMatch(/^site +name +country.*^lab +Lab +FR/ms)
  await switchhook(['profile', 'use', 'lab'])
  const key = await json(['keys', 'create', '--name', 'Board', '--role', 'viewer', '--expires-in-days', '30'])
  expect(key.secret).toMatch(/^shk_/)
  const rotated = await json(['keys', 'rotate', key.key])
  expect([rotated.key, rotated.secret === key.secret]).toEqual([key.key, false])
  expect((await json(['keys', 'revoke', key.key])).revokedAt).toMatch(/^2/)
  const listed = await switchhook(['keys', 'list'])
  expect(listed.out).toContain('Board')
  expect(listed.out).not.toMatch(/shk_/)
  expect((await json(['bridges', 'code'])).code).toMatch(/^she_lab_/)
  const exported = (await switchhook(['audit', '--export'])).out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(exported.map(({ what }) => what)).toContain('DELETE /v1/sites/{site}/keys/{key}')
})

test('the file of profiles is readable only by its owner, and the list shows no keys', async () => {
  const { mode } = await stat(path.join(home, 'switchhook', 'profiles.json'))
  expect(mode & 0o077).toBe(0)
  const { out } = await switchhook(['profile', 'list'])
  expect(out).toContain('lab *')
  expect(out).not.toContain(deployment.cloud.adminKey)
})

test('each kind of failure exits with the status of its kind and prints no stack trace', async () => {
  const wrongKey = { SWITCHHOOK_KEY: `shk_${'0'.repeat(16)}_${'0'.repeat(32)}` }
  const cases: [string[], number, Record<string, string>?][] = [
    [['no-such-command'], 64],
    [['keys', 'create', '--name', 'x', '--no-such-option'], 64],
    [['sites', 'delete', 'lab'], 64],
    [['keys', 'create', '--name', 'x'], 65],
    [['keys', 'rotate', 'nope'], 66],
    [['keys', 'list'], 77, wrongKey],
    [['keys', 'list', '--api', 'http://127.0.0.1:9'], 69],
    [['keys', 'list', '--profile', 'nope'], 78],
  ]
  for (const [args, status, env = {}] of cases) {
    const result = await switchhook(args, { env })
    expect([result.status, result.out], `${args.join(' ')}: ${result.error}`).toEqual([status, ''])
    expect(result.error).not.toMatch(/\n {4}at /)
  }
})
