/** Values that the examples of several routes share. */
export const timeExample = '2026-11-23T19:03:14.000Z'

export const endpointExample = {
  endpoint: 'PJSIP/5860',
  technology: 'PJSIP',
  resource: '5860',
  deviceState: 'INUSE',
  reachability: 'online',
  since: timeExample,
  number: '60',
  name: 'Marie Durand',
  callsNow: 1,
}

export const cdrExample = {
  accountcode: '',
  src: '0612345678',
  dst: '60',
  dcontext: 'from-trunk',
  clid: '"Marie Durand" <0612345678>',
  channel: 'PJSIP/mytrunk-00000007',
  dstchannel: 'PJSIP/5860-00000008',
  lastapp: 'Dial',
  lastdata: 'PJSIP/5860,30',
  start: '2026-11-23T19:03:14+0000',
  answer: '2026-11-23T19:03:19+0000',
  end: '2026-11-23T19:04:38+0000',
  duration: 84,
  billsec: 79,
  disposition: 'ANSWERED',
  amaflags: 'DOCUMENTATION',
  uniqueid: '1795460594.14',
  userfield: '',
  peeraccount: '',
  linkedid: '1795460594.14',
  sequence: 14,
}

export const callExample = {
  call: '1795460594.14',
  state: 'ended',
  caller: { number: '0612345678', name: '' },
  dialled: '60',
  callees: [{ number: '60', name: 'Marie Durand', endpoint: 'PJSIP/5860' }],
  startedAt: timeExample,
  answeredAt: '2026-11-23T19:03:19.000Z',
  endedAt: '2026-11-23T19:04:38.000Z',
  direction: 'inbound',
  result: 'answered',
  durationSeconds: 84,
  talkSeconds: 79,
}

export const placedCallExample = {
  call: 'sh-1795460594-3f9a8c1e',
  state: 'queued',
  caller: { number: '60', name: '' },
  dialled: '+33123456789',
  dials: '00123456789',
  callees: [],
  startedAt: timeExample,
}

export const keyExample = {
  key: 'Zk3f9a8c',
  kind: 'key',
  name: 'call log of the CRM',
  scopes: ['calls:read', 'cdrs:read'],
  createdAt: timeExample,
  createdBy: 'admin',
}

export const ticketExample = {
  ticket: 'vb2Yw0q8',
  expiresAt: '2026-11-23T19:04:14.000Z',
  socketUrl: 'wss://socket.example.com/dev',
  scopes: ['presence:read'],
}

export const siteExample = {
  site: 'office',
  name: 'Office',
  country: 'FR',
  zone: 'Europe/Paris',
  language: 'fr',
  retentionDays: 365,
  settings: {},
  createdAt: timeExample,
}

export const codeExample = {
  code: 'she_office_Q2hhbmdlIG1lIG5vdyBwbGVhc2UhISEh',
  key: 'k7c1',
  expiresAt: '2026-11-23T20:03:14.000Z',
}

export const receiptExample = {
  id: '9f2c41d07a5be863',
  site: 'office',
  what: 'number',
  state: 'running',
  askedAt: timeExample,
  removed: { cdrs: 12 },
}

export const gradeExample = { matricule: '100', note: 14.5, mention: 'bien', updatedAt: timeExample }

export const exportExample = {
  id: '4c6f0f0e-8d1c-4b57-9d7e-2f6f1d1f9a11',
  state: 'running',
  rows: 0,
  bytes: 0,
  askedAt: timeExample,
}

export const verificationExample = {
  day: '2026-11-23',
  run: '7d0c2b1e-52cf-4b0c-8f5a-1f3f6c8c2a10',
  state: 'asked',
  askedAt: timeExample,
  repair: false,
}

const figures = {
  calls: 12,
  answered: 9,
  abandoned: 2,
  busy: 1,
  failed: 0,
  voicemail: 0,
  talkSeconds: 940,
  ringSeconds: 96,
  answerSeizureRatio: 0.75,
  averageTalkSeconds: 104.4,
  averageRingSeconds: 8,
}
export const statsRowExample = { ...figures, key: '2026-11-23', maxConcurrent: 3, directions: { inbound: figures } }

export const webhookExample = {
  id: 'wh_3f9a8c1e5b7d42a0',
  url: 'https://example.com/hook',
  types: ['call.ended', 'bridge.*'],
  format: 'standard',
  perSecond: 10,
  contentType: 'application/cloudevents+json',
  enabled: true,
  key: 'Zk3f9a8c',
  createdAt: timeExample,
}

export const deliveryExample = {
  id: '1795460594000-evt_9f2c41d07a5be8639f2c41d07a5be863',
  event: 'evt_9f2c41d07a5be8639f2c41d07a5be863',
  type: 'call.ended',
  time: timeExample,
  state: 'delivered',
  tries: [{ at: timeExample, ms: 84, status: 204 }],
}
