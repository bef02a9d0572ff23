import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ApiError } from '../../client/api.ts'
import { knownDeviceStates } from '../../contracts/facts.ts'
import { presenceOf } from '../../contracts/presence.ts'
import { calleeLabel, partyLabel, peerOf } from '../../dashboard/call-parties.ts'
import { faultOf, formatConnection, parseConnection } from '../../dashboard/connection.ts'
import { t } from '../../dashboard/language.ts'
import { age, dayAfter, duration, showZone, startOfDay, timeOf } from '../../dashboard/moments.ts'
import { phoneNumber, showCountry } from '../../dashboard/phone-number.ts'
import { isPhone } from '../../dashboard/presence-labels.ts'
import { refusalSentence } from '../../dashboard/refusals.ts'
import { isSilent } from '../../dashboard/staleness.ts'
import { call, endpointState, party } from '../browser/support/facts.ts'
import { sourceFiles } from '../support/source-files.ts'

test.each([
  ['NOT_INUSE', 'online', 'Available'],
  ['NOT_INUSE', 'unknown', 'Available'],
  ['NOT_INUSE', 'offline', 'Offline'],
  ['INUSE', 'online', 'On call'],
  ['INUSE', 'offline', 'On call'],
  ['RINGING', 'online', 'Ringing'],
  ['RINGINUSE', 'online', 'Ringing'],
  ['ONHOLD', 'online', 'On hold'],
  ['BUSY', 'online', 'On call'],
  ['UNAVAILABLE', 'offline', 'Offline'],
  ['UNAVAILABLE', 'unknown', 'Offline'],
  ['UNKNOWN', 'unknown', 'Unknown'],
  ['UNKNOWN', 'offline', 'Offline'],
  ['INVALID', 'unknown', 'Unknown'],
  ['OF_THE_FUTURE', 'online', 'Unknown'],
] as const)(
  'shows a phone with the device state %s and the reachability %s as %s',
  (deviceState, reachability, said) => {
    expect(t(`state.${presenceOf(endpointState('1', deviceState, { reachability })).presence}`)).toBe(said)
  },
)

test('every device state of Asterisk has a presence, and only two are shown as unknown', () => {
  const unknown = knownDeviceStates.filter(
    (state) => presenceOf(endpointState('1', state, { reachability: 'online' })).presence === 'unknown',
  )
  expect(unknown).toEqual(['UNKNOWN', 'INVALID'])
})

test('shows do-not-disturb and away only while the phone is idle, and does not count a custom device state as a phone', () => {
  const since = '2026-11-24T08:00:00.000Z'
  const said = (more: object, deviceState = 'NOT_INUSE') =>
    t(`state.${presenceOf(endpointState('1', deviceState, more)).presence}`)
  expect(said({ dnd: { since }, away: { since } })).toBe('Do not disturb')
  expect(said({ away: { since } })).toBe('Away')
  expect(said({ dnd: { since } }, 'INUSE')).toBe('On call')
  const lamp = endpointState('DND60', 'INUSE', { endpoint: 'Custom/DND60', technology: 'Custom' })
  expect([endpointState('1', 'INUSE'), lamp].map(isPhone)).toEqual([true, false])
})

test.each([
  [-3, '0:00'],
  [0, '0:00'],
  [9.9, '0:09'],
  [60, '1:00'],
  [3_599, '59:59'],
  [3_600, '1:00:00'],
  [36_061, '10:01:01'],
])('%d seconds are shown as %s', (seconds, shown) => {
  expect(duration(seconds)).toBe(shown)
})

test('shows the day with a time unless it is today, in the zone of the site', () => {
  showZone('Europe/Paris')
  const noon = Date.parse('2026-11-24T11:00:00Z')
  expect(timeOf(noon, noon)).toBe('12:00:00')
  expect(timeOf(noon - 86_400_000, noon)).toBe('23\u00a0Nov, 12:00:00')
  expect(timeOf(Date.parse('2026-11-24T23:30:00Z'), noon)).toBe('25\u00a0Nov, 00:30:00')
})

test.each([
  [59, ''],
  [60, '1 min'],
  [3_600, '1 h'],
  [47 * 3_600, '47 h'],
  [48 * 3_600, '2 d'],
  [Number.NaN, ''],
])('a state that has lasted for %d seconds is shown as "%s"', (seconds, shown) => {
  expect(age(seconds)).toBe(shown)
})

test('a day begins at midnight of the site, also where its clocks change', () => {
  showZone('Europe/Paris')
  expect(startOfDay('2026-07-01').toISOString()).toBe('2026-06-30T22:00:00.000Z')
  expect(startOfDay('2026-03-29').toISOString()).toBe('2026-03-28T23:00:00.000Z')
  expect(startOfDay('2026-10-26').toISOString()).toBe('2026-10-25T23:00:00.000Z')
  showZone('America/St_Johns')
  expect(startOfDay('2026-12-01').toISOString()).toBe('2026-12-01T03:30:00.000Z')
  expect(dayAfter('2026-12-31', 1)).toBe('2027-01-01')
})

test.each([
  ['0612489033', '06 12 48 90 33'],
  ['+33612489033', '06 12 48 90 33'],
  ['0033612489033', '06 12 48 90 33'],
  ['+442079460812', '+44 207 946 0812'],
  ['+18095550144', '+1 809 555 0144'],
  ['102', '102'],
  ['alice', 'alice'],
  ['…33', '…33'],
  ['', ''],
])('in France the number %s is shown as %s', (number, shown) => {
  showCountry('FR')
  expect(phoneNumber(number)).toBe(shown.replaceAll(' ', '\u00a0'))
})

test.each([
  [party('60', 'Reception', '5860'), { main: 'Reception', detail: '60' }],
  [party('60', '', '5860'), { main: '60', detail: '' }],
  [party('60', '60'), { main: '60', detail: '' }],
  [party('', '', '5860'), { main: '5860', detail: '' }],
  [party('…33', '…', 'provider'), { main: 'Phone provider', detail: '' }],
  [party('…33', '…'), { main: 'Outside …33', detail: '' }],
  [party('…', '…'), { main: 'Hidden number', detail: '' }],
  [party('', ''), { main: 'Withheld number', detail: '' }],
])('shows the party %o by its name, number or endpoint', (side, label) => {
  expect(partyLabel(side)).toEqual(label)
})

test('shows the first ringing phone with the number of others, or the dialled number if no phone rings', () => {
  const rings = (callees: ReturnType<typeof party>[]) => calleeLabel(call('1.1', 'ringing', { callees }).state)
  expect(rings([party('61', 'Workshop')])).toEqual({ main: 'Workshop', detail: '61' })
  expect(rings([party('61', 'Workshop'), party('62', ''), party('63', '')])).toEqual({
    main: 'Workshop',
    detail: 'and 2 more',
  })
  expect(rings([])).toEqual({ main: '61', detail: '' })
})

test('finds the other party of a phone on either side of a call, and none for an idle phone', () => {
  const { state } = call('1.1', 'answered')
  expect(peerOf('PJSIP/5860', [state])?.main).toBe('Workshop')
  expect(peerOf('PJSIP/5861', [state])?.main).toBe('Reception')
  expect(peerOf('PJSIP/5862', [state])).toBeUndefined()
})

test('the bridge is silent if it had sent nothing for 45 s when the client last asked', () => {
  const lastHeard = '2026-11-24T08:00:00.000Z'
  expect(isSilent({ lastHeard, learntAt: Date.parse(lastHeard) + 45_000, stale: false })).toBe(false)
  expect(isSilent({ lastHeard, learntAt: Date.parse(lastHeard) + 45_001, stale: false })).toBe(true)
})

test('reads the address of the API, the site and the key from the page address only if all are there and valid', () => {
  const whole = { apiUrl: 'http://127.0.0.1:3000', site: 'demo', key: 'a&b=c', isReplay: true }
  expect(parseConnection(formatConnection(whole))).toEqual(whole)
  expect(parseConnection('api=http://127.0.0.1:3000&site=demo')).toBeUndefined()
  expect(parseConnection('api=javascript:alert(1)&site=demo&key=k')).toBeUndefined()
  expect(parseConnection('')).toBeUndefined()
  expect(faultOf({ apiUrl: 'example', site: 'demo', key: 'k' })).toBe('badUrl')
  expect(faultOf({ apiUrl: '', site: 'demo', key: 'k' })).toBe('missing')
})

test('every refusal of call control has its own sentence, except three that show the detail of the API', () => {
  const files = [
    ...sourceFiles(['functions/http/placed-calls', 'functions/http/extensions']),
    'functions/http/idempotency.ts',
  ]
  const sources = files.map((file) => readFileSync(file, 'utf8'))
  const named = sources.flatMap((text) => [...text.matchAll(/(?:HttpProblemError\(\s*\d{3},\s*|away\()'([\w-]+)'/g)])
  const denials = ['internal', 'national', 'mobile', 'international', 'premium', 'satellite', 'emergency']
  const caps = ['minute', 'day', 'at-once']
  const ids = [
    ...named.map((match) => match[1] ?? ''),
    ...denials.map((why) => `dial-${why}`),
    ...caps.map((cap) => `call-cap-${cap}`),
  ]
  expect(ids.length).toBeGreaterThan(18)
  const unsaid = ids.filter((errorId) => refusalSentence(new ApiError(errorId, 409, 'raw')) === 'raw')
  expect(unsaid.sort()).toEqual(['caller-id-not-owned', 'forward-loop', 'idempotency-key-reused'])
  expect(refusalSentence(new ApiError('unreachable', 0, 'No answer.'))).toBe('The cloud did not answer.')
})
