import { afterAll, beforeAll, expect, test } from 'vitest'
import { startPbx, type TestPbx } from './support/pbx.ts'

let it: TestPbx
beforeAll(async () => {
  it = await startPbx()
})
afterAll(() => it?.[Symbol.asyncDispose]())

test('Asterisk keeps its ports, log-ins, registrations and call records over a restart', async () => {
  const { pbx, phones } = it
  const before = [pbx.ariUrl, pbx.ariPassword, pbx.sipPort, pbx.amiPort, pbx.cdrFile]
  const pidBefore = pbx.pid
  await (await phones.call({ from: '60', to: '61', talkMs: 50 })).ended
  const [first] = await it.takeRecords(1)

  await pbx.stop()
  expect(pbx.pid).toBeUndefined()
  await pbx.start()
  expect([pbx.ariUrl, pbx.ariPassword, pbx.sipPort, pbx.amiPort, pbx.cdrFile]).toEqual(before)
  expect(pbx.pid).not.toBe(pidBefore)

  const call = await phones.call({ from: '60', to: '61', talkMs: 50 })
  expect((await call.ended).answered).toBe(true)
  const [second, ...more] = await it.takeRecords(1)
  expect(more).toEqual([])
  expect(await it.allRecords()).toEqual([first, second])
  expect(second?.['uniqueid']).not.toBe(first?.['uniqueid'])
})

test('Asterisk writes the record of a call that is live when it is stopped', async () => {
  await (await it.phones.call({ from: '60', to: '61' })).answered
  await it.pbx.stop()
  await it.pbx.start()
  expect(await it.takeRecords(1)).toMatchObject([{ src: '60', dst: '61', disposition: 'ANSWERED' }])
})

test('after Asterisk is killed, the records of all ended calls are in its file, and it starts again', async () => {
  await it.phones.register()
  for (let ended = 0; ended < 3; ended++) await (await it.phones.call({ from: '60', to: '61', talkMs: 20 })).ended
  await it.takeRecords(3)
  const records = await it.allRecords()
  await it.pbx.kill('SIGKILL')
  await it.pbx.start()
  expect(await it.allRecords()).toEqual(records)
  await it.phones.register()
  expect((await (await it.phones.call({ from: '60', to: '61', talkMs: 20 })).ended).answered).toBe(true)
  expect(await it.takeRecords(1)).toMatchObject([{ disposition: 'ANSWERED' }])
})
