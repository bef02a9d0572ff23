import { createPublicKey, verify } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { admit, newTarget, settle, type TargetState } from '../../functions/domain/webhooks/admission.ts'
import { nextTryAt, retryAfterMs, waitsMs } from '../../functions/domain/webhooks/schedule.ts'
import {
  isSecret,
  makeSecret,
  makeSigningKey,
  publicKeyOf,
  signatureHeaders,
} from '../../functions/domain/webhooks/signature.ts'
import { isRefusedAfter, isVerified, mutationCount, signings } from '../support/webhook-signatures.ts'

const k1 = 'whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX'
const k2 = 'whsec_//79/Pv6+fj39vX08/Lx8O/u7ezr6uno5+bl5OPi4eA='
const k3 = `whsec_${Buffer.alloc(64, 0x2a).toString('base64')}`

test.each([
  [k1, 'msg_0001', 1700000000, '{"type":"call.ended"}', 'OcxTKKFdoQVbn22tROvSkitFdrsRgV0RkRgEph0IMOE='],
  [k1, 'msg_0002', 1700000001, '', 'BM7+6IwjlH8bF/jKROUdvJdoU9iyDRnq7hatsEVsCnw='],
  [
    k2,
    'evt-7c1f',
    1764547200,
    '{"name":"Zoë Müller","note":"☎ 漢字 😀"}',
    'tV0YOkgER6ZcTtnRykIMKRVvqS/aSgepZEY5Tos4U+4=',
  ],
  [k2, 'evt_8', 1764547200, '{ "a" : 1 }\n', 'dvkZVx8+K78Jpl4PgQZCva+tazGcIdgSxz6WK5EmRXI='],
  [k1, 'x'.repeat(64), 2147483648, '[]', 'dBLcM87RkUCVVZTB7x/PI1XC5LOv1mfrAopa0b33kbA='],
])('signs as the reference package does (%s %s)', (secret, id, seconds, body, signature) => {
  expect(signatureHeaders({ id, seconds, body }, [secret])).toEqual({
    'webhook-id': id,
    'webhook-timestamp': String(seconds),
    'webhook-signature': `v1,${signature}`,
  })
})

test('signs by Ed25519 as node:crypto does with the same seed, beside each v1 signature', () => {
  const seed = Buffer.from(Array.from({ length: 32 }, (_, n) => n))
  const key = `whsk_${seed.toString('base64')}`
  expect(publicKeyOf(key)).toBe('whpk_A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=')
  const signed = { id: 'msg_0001', seconds: 1700000000, body: '{"type":"call.ended"}' }
  const v1 = 'v1,OcxTKKFdoQVbn22tROvSkitFdrsRgV0RkRgEph0IMOE='
  const v1a = 'v1a,dmEIYU3xVx3W6wV3ZoGCySf9wkJ/CsJXfW+qAfNmkjpEJ1m5c7AM/bBehtXLvnRgZveE7M8lecc+tIcPwOrQBA=='
  expect(signatureHeaders(signed, [k1], key)['webhook-signature']).toBe(`${v1} ${v1a}`)
})

test('a new signing key has the seed and the public key, and its receiver verifies a body and no other', () => {
  const key = makeSigningKey()
  const bytes = Buffer.from(key.replace('whsk_', ''), 'base64')
  const shown = Buffer.from(publicKeyOf(key).replace('whpk_', ''), 'base64')
  expect([bytes.length, bytes.subarray(32).equals(shown)]).toEqual([64, true])
  const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), shown])
  const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' })
  const headers = signatureHeaders({ id: 'evt_1', seconds: 5, body: '{}' }, [k1], key)
  const given = Buffer.from(headers['webhook-signature']?.split(' v1a,')[1] ?? '', 'base64')
  expect(verify(null, Buffer.from('evt_1.5.{}'), publicKey, given)).toBe(true)
  expect(verify(null, Buffer.from('evt_1.6.{}'), publicKey, given)).toBe(false)
})

test('the reference package verifies every signed body with each secret of a rotation, and none after a change', () => {
  fc.assert(fc.property(signings, isVerified), { numRuns: 60 })
  fc.assert(fc.property(signings, fc.integer({ min: 0, max: mutationCount - 1 }), isRefusedAfter), { numRuns: 120 })
})

test('refuses to sign an id with a full stop, which could be shifted into the body', () => {
  expect(() => signatureHeaders({ id: 'call.1', seconds: 1, body: '' }, [k1])).toThrow('full stop')
})

test('accepts secrets of 24 to 64 bytes in base64 and nothing else', () => {
  expect([k1, k2, k3, makeSecret()].every(isSecret)).toBe(true)
  const bytes = (n: number) => `whsec_${Buffer.alloc(n, 7).toString('base64')}`
  const wrong = [
    '',
    'whsec_',
    bytes(23),
    bytes(65),
    k1.slice(6),
    `v1,${k1}`,
    `${k2.slice(0, -1)}`,
    k2.replace('/', '_'),
    `${k1}\n`,
  ]
  expect(wrong.filter(isSecret)).toEqual([])
})

test('eight tries are spread over 27 h 35 min, each wait up to a fifth longer or shorter, and there is no ninth', () => {
  const walk = (random: number) => {
    let now = 0
    for (let tries = 1; tries < waitsMs.length; tries += 1) now = nextTryAt(tries, { now, random }) ?? Number.NaN
    expect(nextTryAt(waitsMs.length, { now, random })).toBeUndefined()
    return now
  }
  const whole = (27 * 60 + 35) * 60_000 + 5_000
  expect(waitsMs.length).toBe(8)
  expect(walk(0.5)).toBe(whole)
  expect(walk(0)).toBe(Math.round(whole * 0.8))
  expect(walk(0.999)).toBeLessThanOrEqual(whole * 1.2)
})

test('Retry-After puts a try off, in seconds or as a date, up to a day, and never makes it earlier', () => {
  const now = Date.parse('2026-11-23T19:00:00Z')
  expect(retryAfterMs('120', now)).toBe(120_000)
  expect(retryAfterMs('Mon, 23 Nov 2026 19:01:00 GMT', now)).toBe(60_000)
  expect(retryAfterMs('Mon, 23 Nov 2026 18:00:00 GMT', now)).toBe(0)
  expect(retryAfterMs('99999999', now)).toBe(86_400_000)
  for (const garbage of [undefined, '', '-5', '1.5', 'soon', '2026-11-23', 'Infinity', '1e3'])
    expect(retryAfterMs(garbage, now)).toBeUndefined()
  expect(nextTryAt(1, { now, random: 0.5, retryAfterMs: 60_000 })).toBe(now + 60_000)
  expect(nextTryAt(2, { now, random: 0.5, retryAfterMs: 60_000 })).toBe(now + 300_000)
})

const ids = (count: number, isSlow = false) =>
  Array.from({ length: count }, (_, n) => ({ id: `d${n}`, isReserved: false, isSlow }))
const fail = (state: TargetState, now: number) => settle(state, 'd0', { isDelivered: false }, now)
const succeed = (state: TargetState, id: string, now: number) => settle(state, id, { isDelivered: true }, now).state

test('a new receiver gets two tries at once, one that has answered its rate, and one that fails one', () => {
  const limits = { now: 1_000, perSecond: 10 }
  expect(admit(newTarget, ids(20), limits).admitted).toEqual(['d0', 'd1'])
  expect(admit(succeed(newTarget, 'd0', 0), ids(20), limits).admitted).toHaveLength(10)
  expect(admit(fail(newTarget, 0).state, ids(20, true), limits).admitted).toEqual(['d0'])
})

test('a receiver that fails holds no place of the others: its deliveries move, and those that have moved are tried', () => {
  const limits = { now: 1_000, perSecond: 10 }
  const failing = fail(succeed(newTarget, 'd0', 0), 0).state
  const [quick, slow] = [ids(2), ids(4, true).slice(2)]
  const among = admit(failing, [...quick, ...slow], limits)
  expect(among).toMatchObject({ moved: ['d0', 'd1'], admitted: ['d2'], deferred: [{ id: 'd3' }] })
  // Nothing is to be written.
  expect(admit(failing, quick, limits).state).toBe(failing)
  expect(admit(succeed(failing, 'd0', 0), slow, limits)).toMatchObject({ moved: [], admitted: ['d2', 'd3'] })
})

test('three failures open the breaker, longer each time, and one success closes it', () => {
  let state = newTarget
  for (let n = 0; n < 2; n += 1) state = fail(state, 0).state
  expect(state.openUntil).toBe(0)
  const opened: number[] = []
  for (let n = 0; n < 12; n += 1) {
    state = fail(state, 0).state
    opened.push(state.openUntil / 1000)
  }
  expect(opened.slice(0, 4)).toEqual([10, 20, 40, 80])
  expect(opened.at(-1)).toBe(1800)
  expect(admit(state, ids(3, true), { now: 1, perSecond: 10 })).toMatchObject({ admitted: [] })
  expect(admit(state, ids(3, true), { now: 1_800_001, perSecond: 10 }).admitted).toEqual(['d0'])
  expect(succeed(state, 'd0', 2)).toMatchObject({ openUntil: 0, failures: 0, opens: 0 })
})

test('a 429 with Retry-After stops the whole receiver, for an hour at most', () => {
  const stopped = (pauseMs: number) => settle(newTarget, 'd0', { isDelivered: false, pauseMs }, 0).state.openUntil
  expect([stopped(120_000), stopped(86_400_000)]).toEqual([120_000, 3_600_000])
})

test('a delivery that is being tried waits for the end of that try, and a dead function gives its place back', () => {
  const first = admit(newTarget, ids(1), { now: 0, perSecond: 10 })
  expect(admit(first.state, ids(1), { now: 10, perSecond: 10 })).toMatchObject({
    admitted: [],
    deferred: [{ id: 'd0', at: 45_000 }],
  })
  expect(admit(first.state, ids(1), { now: 45_001, perSecond: 10 }).admitted).toEqual(['d0'])
})

/**
 * Goal: a backlog reaches a receiver at its rate and no faster, none is lost, and none waits for ever. Method: messages and their
 * delays are simulated on a virtual clock; each try takes 100 ms.
 */
test.each([1, 10, 50])('500 deliveries reach a receiver of %i a second at its rate, in few hops', (perSecond) => {
  let state = succeed(newTarget, 'x', 0)
  const waiting = ids(500).map((one) => ({ ...one, at: 0 }))
  const ends: { id: string; at: number }[] = []
  const sent: number[] = []
  let hops = 0
  for (let now = 0; waiting.length + ends.length > 0 && now < 3_600_000; now += 50) {
    for (const { id } of ends.filter(({ at }) => at <= now)) state = succeed(state, id, now)
    ends.splice(0, ends.length, ...ends.filter(({ at }) => at > now))
    const due = waiting.filter(({ at }) => at <= now)
    for (let from = 0; from < due.length; from += 10) {
      const batch = due.slice(from, from + 10)
      hops += batch.length
      const result = admit(state, batch, { now, perSecond })
      state = result.state
      for (const id of result.admitted) {
        waiting.splice(
          waiting.findIndex((one) => one.id === id),
          1,
        )
        sent.push(now)
        ends.push({ id, at: now + 100 })
      }
      for (const { id, at } of result.deferred) {
        // SQS delays by whole seconds.
        const one = waiting.find((each) => each.id === id)
        if (one) Object.assign(one, { at: now + Math.ceil((at - now) / 1000) * 1000, isReserved: true })
      }
    }
  }
  expect(sent).toHaveLength(500)
  for (const from of sent)
    expect(sent.filter((at) => at >= from && at < from + 1000).length).toBeLessThanOrEqual(2 * perSecond + 1)
  expect((sent.at(-1) ?? 0) / 1000).toBeLessThan((500 / perSecond) * 1.5 + 5)
  expect(hops).toBeLessThan(500 * 4)
})

const hour = 3_600_000
test('a receiver that fails at every try for five days is disabled, with notices before', () => {
  let state = newTarget
  const seen: string[] = []
  for (let now = 0; now <= 130 * hour && seen.at(-1) !== 'disabled'; now += 10 * hour) {
    const settled = fail(state, now)
    state = settled.state
    if (settled.noticeAfterMs !== undefined) seen.push(`${settled.noticeAfterMs / hour} h at ${now / hour} h`)
    if (settled.isToDisable) seen.push('disabled')
  }
  expect(seen).toEqual(['60 h at 60 h', '90 h at 90 h', 'disabled'])
})

test('one event that failed before a quiet week, or one success, starts the five days again', () => {
  let state = newTarget
  for (const at of [0, 5, 17, 27]) state = fail(state, at * hour).state
  expect(fail(state, 200 * hour)).toMatchObject({ isToDisable: false, state: { failingSince: 200 * hour } })
  for (let at = 30; at < 119; at += 10) state = fail(state, at * hour).state
  state = succeed(state, 'd0', 119 * hour)
  expect(fail(state, 121 * hour).isToDisable).toBe(false)
})
