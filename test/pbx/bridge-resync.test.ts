import { afterAll, beforeAll, expect, test } from 'vitest'
import { AriRest } from '../../bridge/asterisk/ari-rest.ts'
import { readSnapshot } from '../../bridge/asterisk/resynchronise.ts'
import { PbxState } from '../../bridge/normalise/pbx-state.ts'
import { until } from '../support/until.ts'
import { startPbx, type TestPbx } from './support/pbx.ts'

/*
 * Goal: a bridge that connects during a call finds the call under the id that Asterisk writes to its CDR file later.
 * Method: the state is read over REST from a real Asterisk, without any earlier event.
 */

let it: TestPbx
beforeAll(async () => {
  it = await startPbx({ ringSeconds: 20 })
})
afterAll(() => it?.[Symbol.asyncDispose]())

async function readState(): Promise<PbxState> {
  const rest = new AriRest(it.pbx.ariUrl, { user: it.pbx.ariUser, password: it.pbx.ariPassword })
  const odd: unknown[] = []
  const onOdd = (...what: unknown[]) => odd.push(what)
  const snapshot = await readSnapshot(rest, AbortSignal.timeout(5000), { onUnusable: onOdd, onRepaired: onOdd })
  expect(odd).toEqual([])
  // Asterisk returned the linkedid of each channel.
  expect([...snapshot.linkedids.keys()].sort()).toEqual(snapshot.channels.map(({ id }) => id).sort())
  const state = new PbxState()
  state.resynchronise(snapshot, new Date().toISOString())
  return state
}

test('a bridge that connects during a ringing call finds its caller, the dialled number and the ringing phone', async () => {
  await it.phones.setBehaviour('61', { kind: 'ring' })
  const call = await it.phones.call({ from: '60', to: '61' })
  await until('phone 61 rings', async () => (await readState()).endpoints.get('PJSIP/5861')?.deviceState === 'RINGING')
  const [found, ...others] = (await readState()).calls.live()
  await call.hangup()
  expect(others).toEqual([])
  expect(found).toMatchObject({
    state: 'ringing',
    caller: { number: '60', endpoint: 'PJSIP/5860' },
    dialled: '61',
    callees: [{ number: '61', endpoint: 'PJSIP/5861' }],
  })
  expect((await it.takeRecords(1))[0]?.['linkedid']).toBe(found?.call)
})

test('a bridge that connects during an answered call finds it under its linkedid, with the time of the answer', async () => {
  await it.phones.setBehaviour('61', { kind: 'answer' })
  const call = await it.phones.call({ from: '60', to: '61' })
  expect(await call.answered).toBe(true)
  await until('the call is answered', async () => (await readState()).calls.live()[0]?.state === 'answered')
  const state = await readState()
  await call.hangup()
  const [found] = state.calls.live()
  expect(found).toMatchObject({
    state: 'answered',
    caller: { number: '60' },
    dialled: '61',
    callees: [{ number: '61' }],
  })
  expect(found?.answeredAt).toMatch(/^\d{4}-/)
  expect(state.endpoints.get('PJSIP/5860')).toMatchObject({ deviceState: 'INUSE', reachability: 'online' })
  expect((await it.takeRecords(1))[0]?.['linkedid']).toBe(found?.call)
})
