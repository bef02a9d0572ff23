import { expect, test } from 'vitest'
import { RegistrationLists } from '../../bridge/asterisk/registration-lists.ts'
import { Endpoints } from '../../bridge/normalise/endpoints.ts'
import { trunkPresenceOf } from '../../contracts/presence.ts'

/**
 * Goal: the trunks of chan_sip and chan_iax2 have the registrations that Asterisk lists by host and account alone.
 * Method: an Asterisk of lists, whose messages are those of Asterisk 16.28.
 */
type Fields = Record<string, string>
const headers = (fields: Fields) => new Map(Object.entries(fields))
const sipEntry = (host: string, port: string, state: string) => ({
  event: 'RegistryEntry',
  host,
  port,
  username: 'account',
  domain: host,
  domainport: '5060',
  refresh: '120',
  state,
  registrationtime: '0',
})
const iaxEntry = (host: string, state: string) => ({
  event: 'RegistryEntry',
  host,
  dnsmanager: 'N',
  username: 'account',
  perceived: '<Unregistered>',
  refresh: '60',
  state,
})
const sipPeer = (objectname: string, ipaddress: string, ipport: string, dynamic = 'no') => ({
  event: 'PeerEntry',
  channeltype: 'SIP',
  objectname,
  chanobjecttype: 'peer',
  ipaddress,
  ipport,
  dynamic,
  status: 'Unmonitored',
})
const iaxPeer = (objectname: string, ipaddress: string, port: string) => ({
  event: 'PeerEntry',
  channeltype: 'IAX',
  objectname,
  chanobjecttype: 'peer',
  ipaddress,
  mask: '255.255.255.255',
  port,
  dynamic: 'no',
})

/** Answers each action with its list, as the reader of a connection does. */
function asterisk(lists: Record<string, Fields[]>, hosts: Fields = {}, modules = ['chan_sip.so', 'chan_iax2.so']) {
  const asked: string[] = []
  const reports: unknown[] = []
  let areModulesKnown = true
  const read = new RegistrationLists({
    reader: {
      list: async ({ Action = '' }) => {
        asked.push(Action)
        const list = lists[Action]
        for (const event of list ?? []) expect(read.take(headers(event))).toBe(true)
        return list && headers({ eventlist: 'Complete' })
      },
      ask: async ({ Peer = '' }) => headers({ tohost: hosts[Peer] ?? '' }),
    },
    hasModules: async (names) => {
      if (!areModulesKnown) throw new TypeError('a fault that nobody expects')
      return names.every((name) => modules.includes(name))
    },
    onRegistration: (report) => reports.push(report),
  })
  return {
    lists,
    read,
    asked,
    taken: () => reports.splice(0),
    forgetModules: () => {
      areModulesKnown = false
    },
  }
}

test.each([
  ['Registered', 'registered'],
  ['Request Sent', 'unregistered'],
  ['Auth. Sent', 'unregistered'],
  ['Unregistered', 'unregistered'],
  ['Timeout', 'unregistered'],
  ['Rejected', 'rejected'],
  ['No Authentication', 'rejected'],
])('reads the state %s of chan_sip and chan_iax2 as %s', async (state, expected) => {
  const { read, taken } = asterisk(
    {
      SIPshowregistry: [sipEntry('sip.provider.example', '5060', state)],
      SIPpeers: [sipPeer('101', '192.0.2.7', '27373', 'yes'), sipPeer('ovh', '203.0.113.7', '5060')],
      IAXregistry: [iaxEntry('203.0.113.9:4569', state)],
      IAXpeerlist: [iaxPeer('iaxprov', '203.0.113.9', '4569'), iaxPeer('other', '203.0.113.10', '4569')],
    },
    { ovh: 'SIP.provider.example' },
  )
  expect(await read.read(true)).toBe(true)
  expect(taken()).toEqual([
    { endpoint: 'SIP/ovh', state: expected },
    { endpoint: 'IAX2/iaxprov', state: expected },
  ])
})

test('finds the peer by its name, its host, its address and its port, and reports the worst of its accounts', async () => {
  const { read, taken } = asterisk(
    {
      SIPshowregistry: [
        sipEntry('SIP-Provider', '5060', 'Registered'),
        sipEntry('203.0.113.7', '5060', 'Registered'),
        sipEntry('203.0.113.7', '5060', 'Rejected'),
        sipEntry('203.0.113.7', '10004', 'Request Sent'),
        sipEntry('two.example', '5060', 'Registered'),
        sipEntry('nobody.example', '5060', 'Registered'),
      ],
      SIPpeers: [
        sipPeer('SIP-Provider', '-none-', '5060'),
        sipPeer('by-address', '203.0.113.7', '5060'),
        sipPeer('by-port', '203.0.113.7', '10004'),
        sipPeer('two-in', '203.0.113.8', '5060'),
        sipPeer('two-out', '203.0.113.8', '5060'),
      ],
      IAXregistry: [],
    },
    { 'two-in': 'two.example', 'two-out': 'two.example' },
  )
  await read.read(true)
  expect(taken()).toEqual([
    { endpoint: 'SIP/SIP-Provider', state: 'registered' },
    { endpoint: 'SIP/by-address', state: 'rejected' },
    { endpoint: 'SIP/by-port', state: 'unregistered' },
    { endpoint: 'SIP/two-in', state: 'registered' },
    { endpoint: 'SIP/two-out', state: 'registered' },
  ])
})

test('reads states often and peers seldom, asks a driver that is not loaded nothing, and reports once what is gone', async () => {
  const { lists, read, asked, taken } = asterisk(
    { SIPshowregistry: [sipEntry('ovh', '5060', 'Registered')], SIPpeers: [sipPeer('ovh', '203.0.113.7', '5060')] },
    {},
    ['chan_sip.so'],
  )
  expect(await read.read(false)).toBe(false)
  await read.read(true)
  await read.read(false)
  expect(asked).toEqual(['SIPshowregistry', 'SIPpeers', 'SIPshowregistry'])
  expect(taken()).toHaveLength(2)
  lists['SIPshowregistry'] = []
  expect([await read.read(false), taken()]).toEqual([false, [{ endpoint: 'SIP/ovh', state: undefined }]])
  await read.read(false)
  expect(taken()).toEqual([])
  // A list that Asterisk refuses ends no registration.
  lists['SIPshowregistry'] = [sipEntry('ovh', '5060', 'Registered')]
  await read.read(true)
  expect(taken()).toHaveLength(1)
  delete lists['SIPshowregistry']
  expect([await read.read(false), taken()]).toEqual([false, []])
  expect(read.take(headers(sipEntry('ovh', '5060', 'Registered')))).toBe(false)
})

test('a fault in asking for modules is not hidden', async () => {
  const { read, forgetModules } = asterisk({})
  forgetModules()
  await expect(read.read(true)).rejects.toThrow('a fault that nobody expects')
})

test('a registration makes an endpoint of chan_sip a trunk that is up or down', () => {
  const endpoints = new Endpoints()
  endpoints.load([{ technology: 'SIP', resource: 'ovh', state: 'online' }], [], '2026-11-24T10:00:00Z')
  const up = endpoints.setRegistration('SIP/ovh', 'registered', '2026-11-24T10:00:01Z')
  const down = endpoints.setRegistration('SIP/ovh', 'rejected', '2026-11-24T10:00:02Z')
  expect([up, down].map((state) => state && trunkPresenceOf(state).word)).toEqual(['up', 'down'])
})
