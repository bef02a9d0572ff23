import { expect, test } from 'vitest'
import type { EndpointEntity } from '../../contracts/frames.ts'
import { checkNotSelf, reachableEndpoint } from '../../functions/http/placed-calls/reachable-endpoint.ts'

const at = '2026-11-30T12:00:00.000Z'
const now = Date.parse(at)

function phone(technology: string, resource: string, number?: string): EndpointEntity {
  const endpoint = `${technology}/${resource}`
  const state = { endpoint, technology, resource, deviceState: 'NOT_INUSE', reachability: 'online', since: at } as const
  return { id: endpoint, v: '1.0000000001', r: 0, state: { ...state, ...(number !== undefined && { number }) } }
}
const site = (...known: EndpointEntity[]) => ({ bridge: { lastHeard: at }, known })

test.each([
  ['101', [phone('PJSIP', '101')], 'PJSIP/101'],
  ['101', [phone('SIP', '101')], 'SIP/101'],
  ['101', [phone('IAX2', '101')], 'IAX2/101'],
  ['SIP/101', [phone('PJSIP', '101'), phone('SIP', '101')], 'SIP/101'],
  // A PBX may have both drivers: a name alone means chan_pjsip, as it always did.
  ['101', [phone('SIP', '101'), phone('PJSIP', '101')], 'PJSIP/101'],
] as const)('finds the phone of %s among those of every channel driver', (from, known, expected) => {
  expect(reachableEndpoint(from, site(...known), now)).toBe(expected)
})

test.each([['PJSIP/101'], ['102'], ['IAX2/101']])('refuses %s, which is no phone here', (from) => {
  const known = [phone('SIP', '101'), phone('Custom', '101')]
  expect(() => reachableEndpoint(from, site(...known), now)).toThrow('Not a phone of this site')
})

test('a phone of chan_sip cannot call itself, by its name or its number', () => {
  const known = site(phone('SIP', '5101', '101'))
  for (const to of ['101', '5101'])
    expect(() => checkNotSelf({ from: '5101', to }, known)).toThrow('cannot call itself')
  expect(() => checkNotSelf({ from: '5101', to: '102' }, known)).not.toThrow()
})
