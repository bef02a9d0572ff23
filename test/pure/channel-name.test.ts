import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { endpointOfChannel, isOwnControl, parseChannelName } from '../../contracts/channel-name.ts'

test.each([
  ['PJSIP/5861-00000003', 'PJSIP/5861'],
  ['PJSIP/SIP-Provider-0000004a', 'PJSIP/SIP-Provider'],
  ['PJSIP/1001-web-0000001f', 'PJSIP/1001-web'],
  ['PJSIP/desk-12', 'PJSIP/desk-12'],
  ['SIP/1001-b7d0a1b8', 'SIP/1001'],
  ['SCCP/1127-0000000C', 'SCCP/1127'],
  ['IAX2/agence-812', 'IAX2/agence'],
  ['DAHDI/1-1', 'DAHDI/1'],
  ['DAHDI/i1/0612345678-1f', 'DAHDI/i1/0612345678'],
  ['Mobile/gsm1-1a2b', 'Mobile/gsm1'],
  ['PJSIP/5861-00000003<ZOMBIE>', 'PJSIP/5861'],
  ['AsyncGoto/PJSIP/5861-00000003', 'PJSIP/5861'],
])('reads the device of the channel %s as %s', (name, endpoint) => {
  expect(endpointOfChannel(name)).toBe(endpoint)
})

test('returns the span of an ISDN channel as its line', () => {
  expect(parseChannelName('DAHDI/i1/0612345678-1f')).toMatchObject({ kind: 'device', line: 'DAHDI/i1' })
})

test.each([
  'Snoop/pbx1-1796046701.26-00000000',
  'UnicastRTP/127.0.0.1:10002-0x7f2c0400a2b8',
  'WebSocket/INCOMING/0x7f2c0400a2b8',
  'Message/ast_msg_queue',
  'CBAnn/800-00000002;1',
  'CBRec/800-00000002;1',
  'Announcer/ARI-00000001;2',
  'Local/set@renvoi-api-00000001;1',
  'Local/lire@renvoi-api-0000001a;2',
])('takes %s for an internal channel of Asterisk', (name) => {
  expect(parseChannelName(name)).toMatchObject({ kind: 'internal' })
})

test.each([
  ['Local/set@renvoi-api-00000001;1', true],
  ['Local/lire@renvoi-api-0000001a;2', true],
  ['Local/fin@renvoi-api-00000001;1', true],
  ['Local/1003@from-queue-00000007;1', false],
  ['Local/set@renvoi-apis-00000001;1', false],
  ['PJSIP/set@renvoi-api-00000001', false],
])('says whether the bridge made the channel %s for itself: %s', (name, isOwn) => {
  expect(isOwnControl(name)).toBe(isOwn)
})

test('reads the two halves of a Local channel as one pair', () => {
  const [first, second] = [';1', ';2'].map((half) => parseChannelName(`Local/1003@from-queue-00000007${half}`))
  expect(first).toEqual({
    kind: 'local',
    exten: '1003',
    context: 'from-queue',
    pair: 'Local/1003@from-queue-00000007',
    half: 1,
  })
  expect(second).toEqual({ ...first, half: 2 })
})

test.each(['', 'PJSIP', '/5861', 'PJSIP/'])('returns undefined for "%s", which is no channel name', (text) => {
  expect(parseChannelName(text)).toBeUndefined()
})

test('case 17: the device read from a channel name is the one that Asterisk reports in its next event, for several channel drivers', () => {
  const events = readFileSync(new URL('../cases/live-channel-names.jsonl', import.meta.url), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  const pairs = events.flatMap((event, n) => {
    const next = events[n + 1]
    return event.channel && next?.device_state ? [[endpointOfChannel(event.channel.name), next.device_state.name]] : []
  })
  expect(pairs.length).toBe(6)
  for (const [endpoint, device] of pairs) expect(endpoint).toBe(device)
})
