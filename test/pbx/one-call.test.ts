import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cdrFields } from '../../contracts/cdr.ts'
import { isNewer } from '../../contracts/frames.ts'
import { until } from '../support/until.ts'
import { callPlans } from './support/call-plans.ts'
import type { CdrRow } from './support/pbx.ts'
import { type Stack, startStack } from './support/stack.ts'

/**
 * Goal: what Asterisk wrote is what the cloud holds, and what a client saw of its phones is what Asterisk says.
 * Method: real calls of every kind; then the same with Asterisk restarted, or the bridge killed, between calls.
 */
let it: Stack
beforeAll(async () => {
  it = await startStack()
})
afterAll(async () => it?.[Symbol.asyncDispose]())

const callsMade = 20
const endpoints = ['PJSIP/5860', 'PJSIP/5861']
const keyOf = (cdr: { uniqueid: string; sequence: number } | CdrRow) => `${cdr['uniqueid']}/${cdr['sequence']}`
const byKey = (a: CdrRow, b: CdrRow) => keyOf(a).localeCompare(keyOf(b))

async function expectStoreEqualsFile(): Promise<void> {
  // Asterisk writes a call's record a moment after its last channel is gone.
  await until('no live call', async () =>
    (await it.pbx.pbx.cli('core show channels count')).includes('0 active channels'),
  )
  let written: CdrRow[] = []
  let stored: CdrRow[] = []
  await until('every CDR in the store', async () => {
    written = await it.pbx.allRecords()
    stored = (await it.storedCdrs()).map(
      (cdr) => Object.fromEntries(cdrFields.map((field) => [field, cdr[field]])) as CdrRow,
    )
    return stored.length === written.length
  })
  expect(stored.sort(byKey)).toEqual(written.sort(byKey))
  expect(new Set(stored.map(keyOf)).size).toBe(written.length)
}

async function expectPresenceEqualsAsterisk(): Promise<void> {
  for (const endpoint of endpoints) {
    await until(`${endpoint} as Asterisk says`, async () => {
      const actual = await it.deviceState(endpoint)
      return it.client.statesOf(endpoint).at(-1) === actual
    })
  }
}

/** Each run of states from idle to idle that an endpoint was seen in: a client keeps what is newer than what it has. */
function episodes(endpoint: string): string[] {
  const told = it.client.frames.flatMap((frame) =>
    frame.type === 'snapshot' || frame.type === 'delta' ? frame.entities.filter(({ id }) => id === endpoint) : [],
  )
  const seen: typeof told = []
  for (const next of told) {
    const last = seen.at(-1)
    if (!last || isNewer(next, last)) seen.push(next)
  }
  const states = seen.map(({ state }) => String(state['deviceState'])).filter((state, i, all) => state !== all[i - 1])
  return states.join(' ').split(/(?<=NOT_INUSE) /)
}

test(`${callsMade} calls of every kind: the store equals Asterisk's own file, presence equals Asterisk's own`, async () => {
  const plans = callPlans(callsMade)
  for (const [n, plan] of plans.entries()) await plan.make(it.pbx, n)
  await expectStoreEqualsFile()
  await expectPresenceEqualsAsterisk()
  // An answered call to a phone rang first, then was in use, then idle again.
  const answered = plans.filter(({ answered }) => answered).length
  const told = endpoints.flatMap(episodes)
  const rang = told.filter((episode) => episode === 'RINGING INUSE NOT_INUSE').length
  // On a machine that is busy two states may come in one batch, of which the newer alone is told: so a ringing or the idle
  // moment between two calls may be missing, and such calls are not counted.
  expect(rang).toBeGreaterThan(answered / 2)
  expect(rang).toBeLessThanOrEqual(answered)
}, 120_000)

test('the same with Asterisk restarted and the bridge killed between calls', async () => {
  const { pbx, phones } = it.pbx
  for (const [n, plan] of callPlans(callsMade).entries()) {
    await plan.make(it.pbx, n)
    if (n % 5 === 1) {
      await pbx.stop()
      await pbx.start()
      // It remembers registrations, but takes a phone for reachable only once that has been heard again.
      for (const number of ['60', '61']) await phones.register(number)
    }
    if (n % 5 === 3) {
      await it.bridge.kill()
      await it.bridge.start()
    }
  }
  await expectStoreEqualsFile()
  await expectPresenceEqualsAsterisk()
}, 180_000)

test('fault 25: an Asterisk that hangs is given up by its silence, told as a gap, and read anew once it goes on', async () => {
  const { pbx } = it.pbx
  const gaps = () => it.client.frames.filter((frame) => frame.type === 'gap' && frame.reason === 'no answer to pings')
  const givenUp = async () => {
    const log = await readFile(join(it.bridgeFolder, 'bridge.log'), 'utf8')
    return log.split('"event":"ari disconnected","reason":"no answer to pings"').length - 1
  }
  const [toldBefore, givenUpBefore] = [gaps().length, await givenUp()]
  const hungMs = Date.now()
  await pbx.kill('SIGSTOP')
  try {
    // Silence of 10 s, looked at each 5 s.
    await until('the link given up', async () => (await givenUp()) > givenUpBefore, 30_000)
  } finally {
    await pbx.kill('SIGCONT')
  }
  await until('the gap', async () => gaps().length > toldBefore, 30_000)
  const gap = gaps().at(-1)
  expect(gap?.type === 'gap' && Date.parse(gap.from)).toBeLessThan(hungMs + 1000)
  for (const [n, plan] of callPlans(2).entries()) await plan.make(it.pbx, n)
  await expectStoreEqualsFile()
  await expectPresenceEqualsAsterisk()
}, 120_000)
