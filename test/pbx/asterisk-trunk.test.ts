import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Cdr } from '../../contracts/cdr.ts'
import { type LiveState, watchPbx } from './support/company-live.ts'
import { liveFaults, numberingOf } from './support/live-archive.ts'
import { startPbx, type TestPbx } from './support/pbx.ts'
import { callFromOutside, hasSipp, outsideAnswers } from './support/trunk.ts'

let it: TestPbx
let live: LiveState
beforeAll(async () => {
  it = await startPbx({ ringSeconds: 1 })
  live = await watchPbx(it.pbx)
})
afterAll(async () => {
  await live?.[Symbol.asyncDispose]()
  await it?.[Symbol.asyncDispose]()
})

test.runIf(hasSipp)(
  'an outside call rings the extension of the dialled number, and the record has that number',
  async () => {
    await it.phones.setBehaviour('61', { kind: 'answer' })
    await using caller = await callFromOutside({
      from: '0612345678',
      to: '0479000061',
      talkMs: 200,
      sipPort: it.pbx.sipPort,
    })
    expect(await caller.ended).toBe(0)
    const [record, ...more] = await it.takeRecords(1)
    expect(more).toEqual([])
    expect(record).toMatchObject({
      src: '0612345678',
      dst: '0479000061',
      dcontext: 'entrants',
      disposition: 'ANSWERED',
    })
    expect(record?.['channel']).toMatch(/^PJSIP\/mytrunk-/)
    expect(record?.['dstchannel']).toMatch(/^PJSIP\/5861-/)
  },
)

test.runIf(hasSipp)('an outside call goes to voicemail if the phone does not answer', async () => {
  await it.phones.setBehaviour('61', { kind: 'ring' })
  await using caller = await callFromOutside({
    from: '0612345678',
    to: '0479000061',
    talkMs: 100,
    sipPort: it.pbx.sipPort,
  })
  expect(await caller.ended).toBe(0)
  expect(await it.takeRecords(2)).toMatchObject([
    { dst: '0479000061', disposition: 'NO ANSWER' },
    { dst: '0479000061', disposition: 'ANSWERED', lastapp: 'VoiceMail' },
  ])
})

test.runIf(hasSipp)('rejects outside calls to an internal extension or to another outside number', async () => {
  for (const to of ['60', '0612345678']) {
    await using caller = await callFromOutside({ from: '0612345678', to, talkMs: 100, sipPort: it.pbx.sipPort })
    expect(await caller.ended).not.toBe(0)
  }
  expect(await it.takeRecords(0)).toEqual([])
})

test.runIf(hasSipp)('sends a call to a number with a leading 0 to the trunk', async () => {
  await using far = await outsideAnswers(it.trunkPort)
  const call = await it.phones.call({ from: '60', to: '07719', talkMs: 200 })
  expect(await call.answered).toBe(true)
  await call.ended
  expect(await far.ended).toBe(0)
  const [record] = await it.takeRecords(1)
  expect(record).toMatchObject({ src: '60', dst: '07719', dcontext: 'internes', disposition: 'ANSWERED' })
  expect(record).toMatchObject({ lastdata: 'PJSIP/7719@mytrunk,2' })
  expect(record?.['dstchannel']).toMatch(/^PJSIP\/mytrunk-/)
})

test.runIf(hasSipp)('ends a call with cause 17 if the outside number is busy', async () => {
  await using far = await outsideAnswers(it.trunkPort, 'busy')
  const call = await it.phones.call({ from: '60', to: '07719' })
  expect(await call.ended).toMatchObject({ answered: false, cause: 17 })
  expect(await far.ended).toBe(0)
  expect(await it.takeRecords(1)).toMatchObject([{ dst: '07719', disposition: 'BUSY' }])
})

test.runIf(hasSipp)('the last live state of each call of this file says what the call log says', async () => {
  const cdrs = (await it.allRecords()) as unknown as Cdr[]
  expect(cdrs.length).toBeGreaterThan(0)
  expect(liveFaults(live.lastOfCalls(), cdrs, numberingOf(it.site))).toEqual([])
})
