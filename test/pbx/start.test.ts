import { mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { processesOf, runStart } from '../support/start-command.ts'
import { testInstallation } from './support/pbx.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'start-'))
  const { root } = await testInstallation()
  await mkdir(path.join(folder, 'own'))
  await symlink(path.dirname(root), path.join(folder, 'own', 'asterisk'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

test('npm start makes a real call, and stops all its processes with a message when its Asterisk is killed', async () => {
  const own = path.join(folder, 'own')
  await using started = runStart(['--folder', own])
  await started.untilSaid('Ready after')
  expect(started.output()).toMatch(/a call from 60 to 61/)
  const pid = Number(await readFile(path.join(own, 'pbx/run/asterisk.pid'), 'utf8'))
  process.kill(pid, 'SIGKILL')
  expect(await started.ended).toBe(69)
  expect(started.output()).toMatch(/Asterisk ended by itself; its log is \S+\. Run npm start again/)
  expect(processesOf(own)).toEqual([])
})
