import type { Call } from '../../../contracts/calls.ts'
import type { EndpointState } from '../../../contracts/facts.ts'
import { webhookExample } from '../../../contracts/routes/examples.ts'
import { allScopes } from '../../../contracts/scopes.ts'
import { makeCdr } from '../../support/cdrs.ts'
import { call, endedCall, endpoint, party, queueCaller, queueMember, queuePart } from './facts.ts'
import type { Peer } from './peer.ts'

/** A made-up office that has something in every place of every page: each state, long names and odd ones. */
const names = [
  ['100', 'Front desk', 'RINGING'],
  ['101', 'Camille Renard', 'INUSE'],
  ['102', 'Élodie Garnier', 'NOT_INUSE'],
  ['103', 'Thomas Whitfield', 'INUSE'],
  ['110', 'Sophie Marchand', 'INUSE'],
  ['111', 'Julien Lefèvre', 'NOT_INUSE'],
  ['112', 'Hannah Brooks', 'INUSE'],
  ['113', 'Karim Benali', 'NOT_INUSE'],
  ['114', 'Claire Dubois-Fontaine', 'NOT_INUSE'],
  ['115', 'Oliver Hughes', 'UNAVAILABLE'],
  ['116', 'Nadia Rousseau', 'ONHOLD'],
  ['117', 'Mathieu Perrin', 'NOT_INUSE'],
  ['118', 'Emily Carter', 'RINGING'],
  ['120', 'Loading dock', 'NOT_INUSE'],
  ['121', 'Bruno Chevalier', 'INUSE'],
  ['122', 'Lucas Moreau', 'NOT_INUSE'],
  ['123', 'Daniel O’Connor', 'UNAVAILABLE'],
  ['124', 'Fatou Diallo', 'NOT_INUSE'],
  ['125', 'Antoine Girard', 'INUSE'],
  ['126', 'Gate intercom', 'UNKNOWN'],
  ['127', 'Paul Mercier', 'NOT_INUSE'],
  ['200', 'Anne-Laure Blanchard', 'INUSE'],
  ['201', 'Marc Tessier', 'NOT_INUSE'],
  ['202', 'Grace Thompson', 'NOT_INUSE'],
  ['203', 'Inès Caron', 'NOT_INUSE'],
  ['204', 'Philippe Roux', 'UNAVAILABLE'],
  ['205', 'Meeting room Rhône', 'NOT_INUSE'],
  ['206', 'Alarm line', 'NOT_INUSE'],
] as const

const ago = (seconds: number) => new Date(Date.now() - 1_000 * seconds).toISOString()

const settings: Readonly<Record<string, Partial<EndpointState>>> = {
  '102': { mailbox: { new: 2, old: 4, since: ago(900) } },
  '111': { forward: { target: '0680241755', since: ago(8_000) } },
  '113': { dnd: { since: ago(3_700) }, mailbox: { new: 1, old: 0, since: ago(300) } },
  '114': { forwardNoAnswer: { target: '102', since: ago(90_000) } },
  '115': { forwardUnavailable: { target: '110', since: ago(90_000) } },
  '117': { away: { since: ago(1_560) } },
  '123': { forwardUnavailable: { target: '120', since: ago(4_000) } },
  '124': { dnd: { since: ago(2_280) }, mailbox: { new: 3, old: 1, since: ago(60) } },
  '201': { mailbox: { new: 1, old: 0, since: ago(60) } },
  '202': { forwardBusy: { target: '203', since: ago(60_000) } },
}

/** Seconds since each phone that is in a call began its state, as its call below says. */
const inCallFor: Readonly<Record<string, number>> = {
  '100': 14,
  '101': 257,
  '103': 703,
  '110': 52,
  '112': 445,
  '116': 216,
  '118': 14,
  '121': 52,
  '125': 11,
  '200': 94,
}

const device = (number: string) => `58${number}`
const who = (number: string) => party(number, names.find(([one]) => one === number)?.[1] ?? '', device(number))
const outside = (number: string, name = '') => party(number, name, 'ovh')

function fillLive(peer: Peer): void {
  names.forEach(([number, name, state], n) => {
    const more = { number, name, since: ago(inCallFor[number] ?? 60 + 40 * n), roundTripMs: 11, ...settings[number] }
    peer.endpoints.set(`PJSIP/${device(number)}`, endpoint(device(number), state, more))
  })
  const registered = { registration: { state: 'registered' as const, since: ago(90_000) } }
  peer.endpoints.set('PJSIP/ovh', endpoint('ovh', 'INUSE', { trunk: registered, roundTripMs: 18 }))
  peer.endpoints.set('PJSIP/gamma', endpoint('gamma', 'NOT_INUSE', { trunk: {}, roundTripMs: 41 }))
  peer.endpoints.set('PJSIP/gsm', endpoint('gsm', 'UNKNOWN', { trunk: {}, reachability: 'unknown' }))
  const live = [
    ['2.1', 'ringing', outside('0472401865', 'Clinique Saint-Irénée'), '600', [who('100'), who('118')], 14],
    ['2.2', 'dialling', who('125'), '0474221980', [], 6],
    ['2.3', 'answered', who('110'), '121', [who('121')], 47],
    ['2.4', 'answered', outside('0972103307', 'Urssaf Rhône-Alpes'), '200', [who('200')], 89],
    ['2.5', 'answered', outside('0153204410'), '103', [who('103')], 125],
    ['2.6', 'answered', outside('0478623011'), '116', [who('116')], 211],
    ['2.7', 'answered', outside('0612489033'), '101', [who('101')], 252],
    ['2.8', 'answered', who('112'), '+441614960341', [outside('+441614960341')], 440],
    ['2.9', 'answered', who('103'), '+442079460812', [outside('+442079460812')], 698],
  ] as const
  for (const [id, state, caller, dialled, callees, seconds] of live) {
    const answered = state === 'answered' && { answeredAt: ago(seconds) }
    peer.calls.set(
      id,
      call(id, state, { caller, dialled, callees: [...callees], startedAt: ago(seconds + 5), ...answered }),
    )
  }
  const head = queuePart('400', { part: 'queue', queue: 'reception', strategy: 'ringall' })
  const members = ['RINGING', 'INUSE', 'NOT_INUSE', 'NOT_INUSE', 'RINGING'].map((state, n) =>
    queueMember(String(100 + n), { state, queue: 'reception', ...(n === 3 && { paused: { reason: 'lunch' } }) }),
  )
  for (const part of [head, ...members, queueCaller(1, 14_000, { queue: 'reception' })]) peer.queues.set(part.id, part)
}

const outcomes = [
  ['outside', '201', 'voicemail', 25, 34, 'inbound', 'Menuiserie Vasseur', '0437281190'],
  ['outside', '600', 'cancelled', 48, 0, 'inbound', '', '0677105208'],
  ['outside', '103', 'answered', 19, 386, 'inbound', 'Harcourt & Sons', '+442079460812'],
  ['124', 'outside', 'busy', 0, 0, 'outbound', '', '0474221980'],
  ['203', '202', 'answered', 4, 61, 'internal', '', ''],
  ['outside', '111', 'answered', 11, 203, 'inbound', 'Mairie du 3e', '0472613000'],
  ['outside', '113', 'voicemail', 0, 12, 'inbound', '', ''],
  ['112', 'outside', 'answered', 7, 515, 'outbound', '', '+441614960341'],
  ['outside', '120', 'no-answer', 30, 0, 'inbound', '', '0768339140'],
  ['127', 'outside', 'refused', 0, 0, 'outbound', '', '+18095550144'],
] as const

function archive(): Call[] {
  return Array.from({ length: 60 }, (_, n): Call => {
    const [from, to, result, ring, talk, direction, name, number] = outcomes[n % outcomes.length] ?? outcomes[0]
    const stranger = outside(number, name)
    const callee = to === 'outside' ? stranger : who(to)
    const startedAt = ago(240 + 1_500 * n)
    const after = (seconds: number) => new Date(Date.parse(startedAt) + 1_000 * seconds).toISOString()
    return endedCall(`1.${900 - n}`, {
      caller: from === 'outside' ? stranger : who(from),
      dialled: to === 'outside' ? number : to,
      callees: to === '600' ? [] : [callee],
      startedAt,
      result,
      direction,
      ringSeconds: ring,
      talkSeconds: talk,
      durationSeconds: ring + talk,
      story: [
        { at: startedAt, what: 'called', who: callee.number || to, seconds: ring },
        ...(result === 'answered'
          ? [{ at: after(ring), what: 'answered' as const, who: callee.name || callee.number, seconds: talk }]
          : []),
      ],
    })
  })
}

/** Fills a scripted site. The key may do everything. */
export function sampleSite(peer: Peer): void {
  peer.scopes = [...allScopes]
  fillLive(peer)
  peer.ended = archive()
  peer.pageRows = 25
  const answers = { ...siteAnswers(), ...figureAnswers(), ...managementAnswers() }
  for (const [what, body] of Object.entries(answers)) peer.scripted.set(what, [{ status: 200, body }])
  for (const one of peer.ended) {
    const first = makeCdr(0, {
      linkedid: one.call,
      dst: one.dialled,
      duration: one.durationSeconds ?? 0,
      billsec: one.talkSeconds ?? 0,
    })
    const cdrs = [first, { ...first, sequence: 2, dstchannel: 'PJSIP/58102-0000001a' }]
    peer.scripted.set(`GET calls/${one.call}`, [{ status: 200, body: { ...one, cdrs } }])
    const hops = { lane: 'live', bridge: one.startedAt, queue: one.startedAt, function: one.startedAt }
    const event = { v: '1795460000.0000000042', at: one.startedAt, state: 'ringing', callees: [], hops }
    peer.scripted.set(`GET calls/${one.call}/events`, [{ status: 200, body: { call: one.call, events: [event] } }])
  }
}

function siteAnswers() {
  return {
    'GET ': {
      site: 'demo',
      name: 'Atelier Renard',
      country: 'FR',
      zone: 'Europe/Paris',
      language: 'fr',
      retentionDays: 365,
      createdAt: ago(9_000_000),
      settings: {
        callTimeoutSeconds: 30,
        dialInternal: true,
        dialNational: true,
        dialMobile: true,
        dialCountries: ['BE', 'CH', 'GB'],
        outsidePrefix: '0',
        trunks: ['PJSIP/ovh'],
        extensions: ['100-136'],
        services: [],
        ownNumbers: ['+33472001414'],
        callsAtOnce: 10,
        callsPerMinute: 30,
        callsPerDay: 500,
        freezeOnCap: true,
      },
    },
    'GET bridge': {
      bridge: { state: 'connected', since: ago(400_000), version: '0.1.0' },
      pbx: { state: 'up', since: ago(3_500_000), version: '22.10.1' },
      lastHeard: ago(2),
      checks: [
        { id: 'clock', state: 'ok' },
        { id: 'cdr-mapping', state: 'ok' },
        {
          id: 'cdr-batch',
          state: 'warning',
          reason: 'Asterisk writes its records in batches, so that they come late, and are lost if it crashes.',
          repair: '; /etc/asterisk/cdr.conf\n[general](+)\nbatch = no',
        },
        { id: 'disk', state: 'ok' },
      ],
      lastGap: { from: ago(1_200_000), to: ago(1_198_900), reason: 'no answer to pings' },
    },
    'GET bridges': {
      bridges: [{ key: 'k7c1', state: 'enrolled', createdAt: ago(9e6), createdBy: 'admin', enrolledAt: ago(9e6) }],
    },
  }
}

const parts = (calls: number) => {
  const [voicemail, abandoned, busy, failed] = [0.05, 0.08, 0.03, 0.01].map((share) => Math.round(share * calls))
  const rest = { voicemail: voicemail ?? 0, abandoned: abandoned ?? 0, busy: busy ?? 0, failed: failed ?? 0 }
  const answered = calls - rest.voicemail - rest.abandoned - rest.busy - rest.failed
  return { calls, answered, ...rest }
}

export function statsRow(key: string, calls: number) {
  const { answered, ...rest } = parts(calls)
  return {
    key,
    ...rest,
    answered,
    talkSeconds: answered * 200,
    ringSeconds: calls * 14,
    answerSeizureRatio: calls === 0 ? 0 : answered / calls,
    averageTalkSeconds: 202,
    averageRingSeconds: 14,
    maxConcurrent: Math.ceil(calls / 4),
    directions: {},
  }
}

function figureAnswers() {
  const weights = [1, 8, 16, 20, 18, 7, 6, 15, 19, 18, 9, 3]
  const rows = Array.from({ length: 7 }, (_, day) => {
    const date = new Date(Date.now() - 86_400_000 * (6 - day)).toISOString().slice(0, 10)
    return weights.map((weight, n) =>
      statsRow(`${date}T${String(7 + n).padStart(2, '0')}:00+01:00`, weight + ((day * 3 + n) % 5)),
    )
  }).flat()
  const all = rows.reduce((sum, { calls }) => sum + calls, 0)
  const lines = names.slice(1, 9).map(([number], n) => statsRow(number, 96 - 11 * n))
  const total = statsRow('total', all)
  return {
    'GET stats': { zone: 'Europe/Paris', by: 'hour', rows, total },
    'GET stats?by=extension': { zone: 'Europe/Paris', by: 'extension', rows: lines, total },
    'GET stats?by=trunk': {
      zone: 'Europe/Paris',
      by: 'trunk',
      rows: [statsRow('PJSIP/ovh', 410), statsRow('PJSIP/gamma', 97)],
      total,
    },
    'GET cdrs/verifications': {
      verifications: Array.from({ length: 40 }, (_, n) => {
        const day = new Date(Date.now() - 86_400_000 * (n + 1)).toISOString().slice(0, 10)
        const pbx = { count: 90 + ((n * 7) % 40), checksum: 'a' }
        const missing = n === 13 ? 4 : 0
        const cloud = { count: pbx.count - missing, checksum: missing ? 'b' : 'a' }
        const times = { askedAt: ago(80_000), doneAt: ago(79_990) }
        return {
          day,
          run: String(n),
          state: 'done',
          repair: false,
          ...times,
          isEqual: missing === 0,
          pbx,
          cloud,
          missing: { count: missing, keys: [] },
          extra: { count: 0, keys: [] },
        }
      }),
    },
  }
}

function managementAnswers() {
  const key = (prefix: string, name: string, more: object = {}) => ({
    key: prefix,
    kind: 'key',
    name,
    scopes: ['presence:read', 'calls:read'],
    createdAt: ago(9e6),
    createdBy: 'admin',
    lastUsedAt: ago(4_000),
    ...more,
  })
  const tries = [
    { at: ago(300), ms: 85, status: 500 },
    { at: ago(200), ms: 64, status: 200 },
  ]
  const delivery = { id: 'd1', event: 'e1', type: 'call.ended', time: ago(320), state: 'delivered', tries }
  const refused = {
    ...delivery,
    id: 'd2',
    state: 'failed',
    failed: 'The receiver answered 410.',
    tries: tries.slice(0, 1),
    answer: 'gone',
  }
  const hook = {
    ...webhookExample,
    perSecond: 10,
    contentType: 'application/json',
    enabled: true,
    key: 'Zk3f9a8c',
    createdAt: ago(9e5),
  }
  return {
    'GET keys': {
      keys: [
        key('7Kd2aaaa', 'Reception desk'),
        key('Qm9xaaaa', 'CRM click-to-call', { expiresAt: new Date(Date.now() + 1e10).toISOString() }),
        key('b0Reaaaa', 'Old intranet', { expiresAt: new Date(Date.now() + 9e7).toISOString() }),
        key('Zt4uaaaa', 'Night script', { frozenAt: ago(9_000) }),
        key('W8aaaaaa', 'Trainee laptop', { revokedAt: ago(9e5) }),
        key('Bo4rdaaa', 'Workshop screen', { kind: 'board', scopes: ['presence:read'] }),
      ],
    },
    'GET webhooks': {
      webhooks: [
        {
          ...hook,
          id: 'w1',
          url: 'https://crm.example.com/hook',
          types: ['call.ended', 'bridge.*'],
          description: 'finished calls to the CRM',
        },
        {
          ...hook,
          id: 'w2',
          url: 'https://old.example.com/calls',
          types: ['*'],
          enabled: false,
          disabledBecause: 'gone',
        },
      ],
    },
    'GET webhooks/w1/deliveries': { deliveries: [delivery, refused] },
    'GET audit': {
      entries: [
        ['key:7Kd2aaaa', 'POST /v1/sites/{site}/calls', 'calls', 'done'],
        ['key:Zt4uaaaa', 'POST /v1/sites/{site}/calls', 'calls', 'call-cap-day'],
        ['admin', 'DELETE /v1/sites/{site}/keys/{key}', 'keys/W8aaaaaa', 'done'],
      ].map(([who, what, on, outcome], n) => ({
        at: ago(500 * (n + 1)),
        id: String(n),
        who,
        what,
        on,
        from: '192.0.2.10',
        outcome,
      })),
    },
    'GET grades': {
      grades: [
        ['2023014', 7.5, 'échec'],
        ['2023015', 13, 'assez bien'],
        ['2023016', 17.25, 'très bien'],
        ['2023017', 10, 'passable'],
      ].map(([matricule, note, mention]) => ({ matricule, note, mention, updatedAt: ago(9_000) })),
    },
    'GET grades/2023015': { matricule: '2023015', note: 13, mention: 'assez bien', updatedAt: ago(9_000) },
  }
}
