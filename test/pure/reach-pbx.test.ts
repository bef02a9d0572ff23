import { expect, test } from 'vitest'
import { AriRefusedError, AriUnreachableError } from '../../bridge/asterisk/ari-errors.ts'
import { requestsOf, runIntake } from '../support/fake-asterisk.ts'

/*
 * Goal: a bridge that starts while its Asterisk is dead or boots reports it as down, goes on trying, and is there within 5 s of its return;
 * a wrong setting still ends it with a sentence. Method: the intake over attempts of the test and simulated time.
 */

const unsent = (code: string) => new AriUnreachableError(code, { cause: Object.assign(new Error(code), { code }) })
const asterisk = (status: number) => new AriRefusedError(status, 'GET /x', { server: 'Asterisk/22.10.1' })
const another = (status: number) => new AriRefusedError(status, 'GET /x', { server: 'nginx' })
const fail = (error: unknown) => () => {
  throw error
}

test.each([
  ['refuses connections', unsent('ECONNREFUSED')],
  ['is on a host that cannot be reached', unsent('EHOSTUNREACH')],
  ['has a name that cannot be looked up yet', unsent('EAI_AGAIN')],
  ['accepts connections and answers nothing', new AriUnreachableError('Opening handshake has timed out')],
  ['has not loaded its modules: 404', asterisk(404)],
  ['has not loaded its modules: 400', asterisk(400)],
  ['has not loaded its modules: 503', asterisk(503)],
  ['is behind a proxy that answers 502', another(502)],
  ['is behind a proxy that answers 504', another(504)],
])(
  'a bridge whose Asterisk %s reports it after 10 s, tries for ten minutes, and connects when it is back',
  async (_, error) => {
    const backMs = 600_000
    const it = await runIntake((passedMs) => (passedMs < backMs ? fail(error)() : requestsOf()), {
      forMs: backMs + 60_000,
    })
    expect(it.outcome).toBe('runs')
    expect(it.notReached.length).toBeGreaterThan(0)
    expect(it.started).toBe(it.notReached.length)
    expect(it.connected).toHaveLength(1)
  },
)

test('a PBX that is up within ten seconds is not reported as down', async () => {
  const it = await runIntake((passedMs) => (passedMs < 9_000 ? fail(unsent('ECONNREFUSED'))() : requestsOf()), {
    forMs: 20_000,
  })
  expect([it.notReached, it.connected.length]).toEqual([[], 1])
})

test.each([
  ['a wrong password', another(401), 'ari-password-wrong', 0],
  ['a user that may only read', asterisk(403), 'ari-user-read-only', 0],
  ['another protocol', unsent('HPE_INVALID_CONSTANT'), 'not-an-ari', 0],
  ['a server that is not Asterisk', another(404), 'not-an-ari', 10_000],
  ['an application that another server refuses', another(400), 'ari-application-refused', 10_000],
])('a bridge with %s ends at its start with an error', async (_, error, errorId, atMs) => {
  const it = await runIntake(fail(error), { forMs: 3_600_000 })
  expect(it.outcome).toMatchObject({ errorId })
  expect(it.notReached).toEqual([])
  expect(it.attempts.at(-1)).toBeGreaterThanOrEqual(atMs)
  expect(it.attempts.at(-1)).toBeLessThan(atMs + 2_000)
})

test('a wrong password that shows only when Asterisk is back ends the bridge as well', async () => {
  const it = await runIntake((passedMs) => fail(passedMs < 60_000 ? unsent('ECONNREFUSED') : asterisk(401))(), {
    forMs: 3_600_000,
  })
  expect(it.outcome).toMatchObject({ errorId: 'ari-password-wrong', exitStatus: 77 })
})

const longestPause = (attempts: readonly number[]) =>
  Math.max(...attempts.slice(1).map((atMs, n) => atMs - (attempts[n] ?? 0)))

test.each([
  ['the event socket', (status: number) => fail(asterisk(status))],
  [
    'a request after it',
    (status: number) => () => requestsOf((path) => (path === '/bridges' ? fail(asterisk(status))() : undefined)),
  ],
])('an Asterisk that boots for four minutes and refuses %s is tried each 1.5 s', async (_, refuse) => {
  for (const status of [400, 404, 500, 503]) {
    const bootMs = 240_000
    const it = await runIntake((passedMs) => (passedMs < bootMs ? refuse(status)() : requestsOf()), {
      forMs: bootMs + 30_000,
    })
    // Each request and each wait may be a few milliseconds late.
    expect(longestPause(it.attempts), String(status)).toBeLessThan(1_520)
    expect(it.connected.at(0), String(status)).toBeLessThan(bootMs + 5_000)
  }
})

test('an Asterisk that refuses for an hour is spared', async () => {
  const it = await runIntake(() => requestsOf((path) => (path === '/bridges' ? fail(asterisk(404))() : undefined)), {
    forMs: 3_600_000,
  })
  expect(it.outcome).toBe('runs')
  expect(it.attempts.length).toBeLessThan(700)
})
