import { join } from 'node:path'
import { expect, test } from 'vitest'
import { BridgeProcess } from './bridge-process.ts'
import { World } from './bridge-world.ts'

test('a second bridge on the same state folder exits with an explanation, and a bridge starts once the first is killed', async () => {
  await using world = await World.start()
  const config = await world.configFile()
  await using first = new BridgeProcess(config)
  await first.logged('ari connected')
  await using second = new BridgeProcess(config)
  expect((await second.ended).status).toBe(75)
  expect(second.stderr).toMatch(/another bridge already uses the state folder/)
  first.kill('SIGKILL')
  await first.ended
  await using third = new BridgeProcess(config)
  await third.logged('ari connected')
  third.kill('SIGTERM')
  expect(await third.ended).toEqual({ status: 0, signal: null })
})

test('the bridge exits with an explanation if another client takes its ARI application', async () => {
  await using world = await World.start()
  const stateFolder = join(world.folder, 'state-of-replaced')
  await using first = new BridgeProcess(await world.configFile({ stateFolder }))
  await first.logged('ari connected')
  await using other = new BridgeProcess(await world.configFile({ stateFolder: `${stateFolder}-2` }))
  expect((await first.ended).status).toBe(69)
  expect(first.stderr).toMatch(/another client has taken the ARI application switchhook-events/)
  await other.logged('ari connected')
  other.kill('SIGINT')
  expect((await other.ended).status).toBe(0)
})
