import { expect, test } from 'vitest'
import { CloudClock, certificateFault } from '../../bridge/operate/cloud-clock.ts'
import { signatureTimeFault } from '../../infra/local/access/signature-time.ts'

const minuteMs = 60_000
const now = Date.parse('2026-11-30T12:00:00Z')

/** A clock that is `offMs` ahead of the cloud; `at` may be changed. */
function machine(offMs: number) {
  const at = { offMs, passedMs: 0 }
  const nowMs = () => now + at.passedMs + at.offMs
  return { at, clock: new CloudClock({ nowMs, monotonicMs: () => at.passedMs }) }
}
const dateOf = (ms: number) => new Date(ms).toUTCString()

test.each([-48 * 60, -60, -12, -1, 1, 12, 60, 48 * 60])(
  'live-01 knows the time of the cloud with a clock that is %s min ahead, also after it is set',
  (offMin) => {
    const { at, clock } = machine(offMin * minuteMs)
    expect(clock.check()).toBeUndefined()
    clock.note(dateOf(now))
    expect(Math.abs(clock.nowMs() - now)).toBeLessThan(1000)
    at.passedMs += 10 * minuteMs
    at.offMs = 0
    expect(Math.abs(clock.nowMs() - now - 10 * minuteMs)).toBeLessThan(1000)
    expect(clock.check()?.state).toBe('ok')
    at.offMs = -offMin * minuteMs
    expect(clock.check()).toMatchObject({
      state: 'warning',
      reason: expect.stringMatching(offMin < 0 ? /ahead/ : /behind/),
    })
  },
)

test('live-01 keeps its sentence while the answers vary by a second', () => {
  const { at, clock } = machine(90 * minuteMs + 29_600)
  const reasons = new Set<string | undefined>()
  for (const ms of [0, 900, 0, 1400, 300]) {
    at.passedMs += ms
    clock.note(dateOf(now + at.passedMs))
    reasons.add(clock.check()?.reason)
  }
  expect([...reasons]).toHaveLength(1)
})

test.each([undefined, null, '', 'yesterday'])('live-01 ignores an answer with the date %s', (date) => {
  const { clock } = machine(0)
  clock.note(date)
  expect(clock.isKnown).toBe(false)
})

test.each([
  ['CERT_NOT_YET_VALID', /is not valid yet by the clock of this machine, which shows 2026-11-30T12:00:00/],
  ['CERT_HAS_EXPIRED', /has expired by the clock of this machine/],
])('live-01 names the clock if TLS fails with %s', (code, says) => {
  const error = new Error('fetch failed', { cause: Object.assign(new Error('certificate'), { code }) })
  expect(certificateFault(error, now)).toMatch(says)
  const { clock } = machine(0)
  clock.noteError(error)
  expect(clock.check()).toMatchObject({ id: 'clock', state: 'warning' })
  clock.note(dateOf(now))
  expect(clock.check()?.state).toBe('ok')
  expect(certificateFault(new Error('connect ECONNREFUSED'), now)).toBeUndefined()
})

test.each([
  [true, 15],
  [false, 5],
])('the local cloud refuses signatures like AWS (SQS: %s) from %s minutes on, in both directions', (isSqs, minutes) => {
  const at = (offMs: number) => ({ 'x-amz-date': new Date(now + offMs).toISOString().replaceAll(/[-:]|\.\d+/g, '') })
  const allowedMs = minutes * minuteMs
  for (const offMs of [0, allowedMs, -allowedMs]) expect(signatureTimeFault(at(offMs), isSqs, now)).toBeUndefined()
  const early = signatureTimeFault(at(-allowedMs - 1000), isSqs, now)
  expect(early).toMatch(/^Signature expired: \d{8}T\d{6}Z is now earlier than/)
  const late = signatureTimeFault(at(allowedMs + 1000), isSqs, now)
  expect(late).toMatch(/^Signature not yet current: /)
  expect(signatureTimeFault({}, isSqs, now)).toBeUndefined()
})
