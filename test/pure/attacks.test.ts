import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { AttackTally } from '../../bridge/normalise/attacks.ts'
import { Attack } from '../../contracts/facts.ts'

const start = Date.parse('2026-11-24T03:00:00Z')
const refused = (address: string, event = 'ChallengeResponseFailed', account = '60') =>
  new Map([
    ['event', event],
    ['service', 'PJSIP'],
    ['accountid', account],
    ['remoteaddress', address],
  ])
const of = (host: string) => `IPV4/UDP/${host}/5060`
/** Notes so many refusals, `gapMs` apart, and returns what was published when it was looked each two seconds. */
function run(
  count: number,
  gapMs: number,
  address: (n: number) => string = () => of('203.0.113.9'),
  { tally = new AttackTally(), accounts = 10 } = {},
) {
  const found: Attack[] = []
  for (let n = 0; n < count; n += 1) {
    tally.note(refused(address(n), undefined, String(n % accounts)), start + n * gapMs)
    found.push(...tally.take(start + n * gapMs + 1))
  }
  for (const attack of found) expect(v.safeParse(Attack, attack).issues).toBeUndefined()
  return { found, tally }
}

describe('publishes', () => {
  test('an address at its tenth refusal in a minute, once in an hour, with the count since the last time', () => {
    const { found } = run(7_200, 1_000)
    expect(found.map(({ address, addresses, count }) => ({ address, addresses, count }))).toEqual([
      { address: '203.0.113.9', addresses: 1, count: 10 },
      { address: '203.0.113.9', addresses: 1, count: 3_600 },
    ])
    expect(found[0]).toMatchObject({ from: new Date(start).toISOString(), kinds: { ChallengeResponseFailed: 10 } })
  })
  test('an address that waits between guesses', () => {
    expect(run(40, 90_000).found.map(({ count }) => count)).toEqual([30])
  })
  test('addresses of IPv6, and those of TCP and TLS', () => {
    const addresses = ['IPV6/TCP/2001:db8::7/40000', 'IPV4/TLS/203.0.113.1/5061', 'IPV4/WSS/203.0.113.2/1']
    for (const address of addresses) expect(run(10, 10, () => address).found).toHaveLength(1)
  })
  test('many addresses that guess a few times each, as one', () => {
    const { found } = run(400, 5_000, (n) => of(`198.51.${n % 100}.1`))
    expect(found.map(({ address, addresses, count }) => ({ address, addresses, count }))).toEqual([
      { address: 'several', addresses: 100, count: 200 },
    ])
  })
  test('at most twenty addresses a turn, and the others in the next', () => {
    const tally = new AttackTally()
    for (let n = 0; n < 500; n += 1) tally.note(refused(of(`198.51.100.${n % 50}`)), start + n)
    expect([1, 2, 3, 4].map((turn) => tally.take(start + turn * 2_000).length)).toEqual([20, 20, 10, 0])
  })
})

describe('does not publish', () => {
  test('a phone with an old password', () => {
    for (const gapMs of [150_000, 60_000, 20_000]) expect(run(600, gapMs, undefined, { accounts: 1 }).found).toEqual([])
  })
  test.each([
    ['RequestNotAllowed', of('127.0.0.1')],
    ['ChallengeSent', of('203.0.113.9')],
    ['SuccessfulAuth', of('203.0.113.9')],
    ['LoadAverageLimit', of('203.0.113.9')],
    ['InvalidPassword', ''],
    ['InvalidPassword', '203.0.113.9'],
    ['InvalidPassword', 'IPV4/UDP/evil\r\nAction: x/5060'],
    ['InvalidPassword', 'IPV4/UDP/999.1.1.1/5060'],
  ])('%s from %j', (event, address) => {
    const tally = new AttackTally()
    for (let n = 0; n < 100; n += 1) tally.note(refused(address, event), start + n)
    expect(tally.take(start + 1_000)).toEqual([])
  })
})

test('counts a bounded number of addresses, and forgets those that are quiet', () => {
  const { tally } = run(5_000, 1, (n) => of(`10.${n >> 8}.${n & 255}.1`))
  expect(tally.size).toBe(1_000)
  tally.take(start + 3 * 3_600_000)
  expect(tally.size).toBe(0)
})
