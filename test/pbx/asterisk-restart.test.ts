import { expect, test } from 'vitest'
import { startPbx } from './support/pbx.ts'

test('keeps ports, log-ins, registrations and call records over a restart', async () => {
  await using it = await startPbx()
  const { pbx, phones } = it
  const before = [pbx.ariUrl, pbx.ariPassword, pbx.sipPort, pbx.amiPort, pbx.cdrFile, pbx.pid]
  await (await phones.call({ from: '60', to: '61', talkMs: 50 })).ended
  const [first] = await it.takeRecords(1)

  await pbx.stop()
  expect(pbx.pid).toBeUndefined()
  await pbx.start()
  const after = [pbx.ariUrl, pbx.ariPassword, pbx.sipPort, pbx.amiPort, pbx.cdrFile]
  expect(after).toEqual(before.slice(0, -1))
  expect(pbx.pid).not.toBe(before.at(-1))

  const call = await phones.call({ from: '60', to: '61', talkMs: 50 })
  expect((await call.ended).answered).toBe(true)
  const [second, ...more] = await it.takeRecords(1)
  expect(more).toEqual([])
  expect(await it.allRecords()).toEqual([first, second])
  expect(second?.['uniqueid']).not.toBe(first?.['uniqueid'])
})

test('writes the record of a call that is live when it is stopped', async () => {
  await using it = await startPbx()
  await (await it.phones.call({ from: '60', to: '61' })).answered
  await it.pbx.stop()
  await it.pbx.start()
  expect(await it.takeRecords(1)).toMatchObject([{ src: '60', dst: '61', disposition: 'ANSWERED' }])
})

test('has every ended call in its file after being killed, and starts again', async () => {
  await using it = await startPbx()
  for (let ended = 0; ended < 3; ended++) await (await it.phones.call({ from: '60', to: '61', talkMs: 20 })).ended
  const records = await it.takeRecords(3)
  await it.pbx.kill('SIGKILL')
  await it.pbx.start()
  expect(await it.allRecords()).toEqual(records)
  await it.phones.register()
  expect((await (await it.phones.call({ from: '60', to: '61', talkMs: 20 })).ended).answered).toBe(true)
  expect(await it.takeRecords(1)).toMatchObject([{ disposition: 'ANSWERED' }])
})
