import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { AmiMessages } from '../../bridge/asterisk/ami-messages.ts'
import { type QueueMessage, readListed, readQueueEvent } from '../../bridge/normalise/queue-messages.ts'
import { type QueueEntityState, Queues } from '../../bridge/normalise/queues.ts'
import { QueueEntity } from '../../contracts/frames.ts'
import { queuesOf } from '../../contracts/queue-view.ts'
import { Queue, QueuePart } from '../../contracts/queues.ts'
import { hideEntity, hideFrame } from '../../functions/domain/personal/frames.ts'
import { filterFrame } from '../../functions/domain/topic-filter.ts'

const now = '2026-11-30T22:00:00.000Z'
const later = '2026-11-30T22:00:05.000Z'
const endpoint = { technology: 'PJSIP', deviceState: 'NOT_INUSE', reachability: 'online' as const, since: now }
const phones = {
  get(name: string) {
    if (name === 'PJSIP/marie') return { ...endpoint, endpoint: name, resource: 'marie', number: '62' }
    return name === 'PJSIP/33140' ? { ...endpoint, endpoint: name, resource: '33140', trunk: {} } : undefined
  },
}

/** Messages as Asterisk 22 writes them; each block is one message. */
function messages(text: string, read: typeof readListed): QueueMessage[] {
  const bytes = Buffer.from(`${text.trim().replaceAll('\n', '\r\n')}\r\n\r\n`)
  return new AmiMessages().push(bytes).flatMap(({ headers }) => read(headers) ?? [])
}
const list = (text: string) => messages(text, readListed)
const queue = (name: string) => `Event: QueueParams\nQueue: ${name}\nMax: 0\nStrategy: ringall\nCalls: 0\nWeight: 0\n\n`
const member = (name: string, face: string, fields: Record<string, string | number> = {}, event = 'QueueMember') => {
  const [nameField, faceField] = event === 'QueueMember' ? ['Name', 'Location'] : ['MemberName', 'Interface']
  const all = {
    Queue: name,
    [nameField]: 'Sales 130',
    [faceField]: face,
    StateInterface: face,
    Membership: 'static',
    Penalty: 0,
    CallsTaken: 0,
    LastCall: 0,
    LastPause: 0,
    LoginTime: 1796080967,
    InCall: 0,
    Status: 1,
    Paused: 0,
    PausedReason: '',
    ...fields,
  }
  return `Event: ${event}\n${Object.entries(all)
    .map(([header, value]) => `${header}: ${value}\n`)
    .join('')}\n`
}
const entry = (name: string, position: number, uniqueid: string, number = '0612345678', wait = 4) =>
  `Event: QueueEntry\nQueue: ${name}\nPosition: ${position}\nChannel: PJSIP/x-1\nUniqueid: ${uniqueid}\nCallerIDNum: ${number}\nCallerIDName: unknown\nWait: ${wait}\nPriority: 0\n\n`
const call = (event: string, name: string, uniqueid: string, position: number) =>
  `Event: ${event}\nChannel: PJSIP/x-1\nCallerIDNum: 0612345678\nCallerIDName: <unknown>\nUniqueid: ${uniqueid}\nQueue: ${name}\nPosition: ${position}\nCount: 1\n\n`

function opened(text: string, queues = new Queues()) {
  const { changes, ...rest } = queues.load(list(text), phones, now)
  return { queues, changes, ...rest, view: () => queuesOf(queues.all().map(({ state }) => state)) }
}
function apply(queues: Queues, text: string): QueueEntityState[] {
  return messages(text, readQueueEvent).flatMap((message) => queues.apply(message, phones, later))
}

describe('the queues of a PBX', () => {
  test('a list gives queues with members and callers, each valid by the contract', () => {
    const pause = { Paused: 1, PausedReason: 'lunch', LastPause: 1796080984, Penalty: 3, CallsTaken: 7 }
    const last = { LastCall: 1796080990, Status: 2, Membership: 'dynamic' }
    const { view, changes } = opened(
      queue('401') +
        queue('400') +
        member('400', 'Local/130@from-queue/n', { StateInterface: 'hint:130@ext-local', ...pause, ...last }) +
        entry('400', 2, '1796080991.4', 'unknown', 1) +
        entry('400', 1, '1796080984.0'),
    )
    expect(view()).toEqual([
      {
        queue: '400',
        strategy: 'ringall',
        waiting: 2,
        longestWaitSince: '2026-11-30T21:59:56.000Z',
        members: [
          {
            interface: 'Local/130@from-queue/n',
            stateInterface: 'hint:130@ext-local',
            name: 'Sales 130',
            extension: '130',
            state: 'INUSE',
            since: now,
            paused: { reason: 'lunch', since: '2026-11-30T23:23:04.000Z' },
            penalty: 3,
            callsTaken: 7,
            lastCallAt: '2026-11-30T23:23:10.000Z',
            membership: 'dynamic',
          },
        ],
        callers: [
          { uniqueid: '1796080984.0', position: 1, number: '0612345678', name: '', since: '2026-11-30T21:59:56.000Z' },
          { uniqueid: '1796080991.4', position: 2, number: '', name: '', since: '2026-11-30T21:59:59.000Z' },
        ],
      },
      { queue: '401', strategy: 'ringall', waiting: 0, members: [], callers: [] },
    ])
    for (const one of view()) v.parse(Queue, one)
    for (const { id, state } of changes) v.parse(QueueEntity, { id, v: '1795460000.0000000042', r: 0, state })
  })

  test('a second equal list changes nothing, and a smaller one ends what it leaves out', () => {
    const all = queue('400') + member('400', 'PJSIP/130') + entry('400', 1, '1.1') + queue('401')
    const { queues } = opened(all)
    expect(queues.load(list(all), phones, later)).toEqual({ changes: [], leftOut: 0, isEventful: false })
    const { changes } = queues.load(list(queue('400')), phones, later)
    expect(changes).toEqual([
      { id: '400/members/1', state: { part: 'gone', queue: '400' } },
      { id: '400/callers/1.1', state: { part: 'gone', queue: '400' } },
      { id: '401', state: { part: 'gone', queue: '401' } },
    ])
    expect(queues.ids()).toEqual(['400'])
  })

  test('events keep the queue: each returns the parts that it changed and no other', () => {
    const { queues, view } = opened(queue('400') + member('400', 'PJSIP/130') + member('400', 'PJSIP/131'))
    const ids = (text: string) => apply(queues, text).map(({ id, state }) => `${id} ${state.part}`)
    expect(ids(call('QueueCallerJoin', '400', '1.1', 1))).toEqual(['400/callers/1.1 caller'])
    expect(ids(call('QueueCallerJoin', '400', '1.2', 2))).toEqual(['400/callers/1.2 caller'])
    expect(ids(call('QueueCallerJoin', '400', '1.3', 1))).toEqual([
      '400/callers/1.3 caller',
      '400/callers/1.1 caller',
      '400/callers/1.2 caller',
    ])
    expect(view()[0]?.callers.map(({ uniqueid }) => uniqueid)).toEqual(['1.3', '1.1', '1.2'])
    expect(ids(call('QueueCallerAbandon', '400', '1.1', 2) + call('QueueCallerLeave', '400', '1.1', 2))).toEqual([
      '400/callers/1.1 gone',
      '400/callers/1.2 caller',
    ])
    expect(ids(member('400', 'PJSIP/131', { Status: 6 }, 'QueueMemberStatus'))).toEqual(['400/members/2 member'])
    expect(ids(member('400', 'PJSIP/131', { Status: 6 }, 'QueueMemberStatus'))).toEqual([])
    expect(
      ids(member('400', 'PJSIP/131', { Status: 6, Paused: 1, PausedReason: 'tea' }, 'QueueMemberPause')),
    ).toHaveLength(1)
    expect(ids(member('400', 'PJSIP/131', {}, 'QueueMemberRemoved'))).toEqual(['400/members/2 gone'])
    expect(ids(member('400', 'PJSIP/140', {}, 'QueueMemberAdded'))).toEqual(['400/members/2 member'])
    expect(ids(member('499', 'PJSIP/140', {}, 'QueueMemberAdded'))).toEqual([])
  })

  test('a member keeps since when it has its state over a list, and gets a new time with a new state', () => {
    const { queues, view } = opened(queue('400') + member('400', 'PJSIP/130'))
    queues.load(list(queue('400') + member('400', 'PJSIP/130', { CallsTaken: 1 })), phones, later)
    expect(view()[0]?.members[0]).toMatchObject({ since: now, callsTaken: 1 })
    const changed = queues.load(list(queue('400') + member('400', 'PJSIP/130', { Status: 8 })), phones, later)
    expect(changed.isEventful).toBe(true)
    expect(view()[0]?.members[0]).toMatchObject({ since: later, state: 'ONHOLD' })
  })

  test.each([
    ['Local/60@from-queue/n', 'hint:60@ext-local', '60'],
    ['Local/60@from-queue/n', 'Local/60@from-queue/n', '60'],
    ['Local/s@agents', 'PJSIP/marie', '62'],
    ['PJSIP/marie', 'PJSIP/marie', '62'],
    ['SIP/1001', 'SIP/1001', '1001'],
    ['Local/0612345678@from-queue/n', 'Local/0612345678@from-queue/n', undefined],
    ['PJSIP/33140', 'PJSIP/33140', undefined],
    ['Agent/anna', 'Custom:anna', undefined],
  ])('the member %s with state of %s has the extension %s', (face, stateInterface, extension) => {
    const { view } = opened(queue('400') + member('400', face, { StateInterface: stateInterface }))
    expect(view()[0]?.members[0]?.extension).toBe(extension)
  })

  test('one odd field costs that field, a long text its end, and a name without room the item, which is counted', () => {
    const odd = {
      Penalty: 'x',
      CallsTaken: -3,
      LastCall: '9'.repeat(15),
      Status: 99,
      Membership: '?',
      Name: 'n'.repeat(900),
    }
    const { view, leftOut } = opened(
      queue('400') + member('400', 'PJSIP/130', odd) + queue('q'.repeat(150)) + member('400', ''),
    )
    expect(leftOut).toBe(1)
    expect(view()).toHaveLength(1)
    const [found] = view()[0]?.members ?? []
    expect(found).toMatchObject({ penalty: 0, callsTaken: 0, state: 'UNKNOWN', membership: 'static' })
    expect(found?.name).toHaveLength(200)
    v.parse(Queue, view()[0])
  })

  test('`clear` ends everything, and only a certain one lists nothing', () => {
    const { queues } = opened(queue('400') + member('400', 'PJSIP/130'))
    expect(queues.clear(false).map(({ state }) => state.part)).toEqual(['gone', 'gone'])
    expect(queues.ids()).toBeUndefined()
    expect(queues.current('400', { part: 'queue', queue: '400', strategy: '' })).toBeUndefined()
    queues.clear(true)
    expect(queues.ids()).toEqual([])
    expect(queues.current('400', { part: 'queue', queue: '400', strategy: '' })).toEqual({ part: 'gone', queue: '400' })
  })
})

describe('what a reader without the personal scope gets of a queue', () => {
  const { queues } = opened(
    queue('400') +
      member('400', 'Local/0612345678@from-queue/n', { Name: 'Anna Mobile', Paused: 1, PausedReason: 'dentist' }) +
      member('400', 'PJSIP/5860', { Name: 'Marie', StateInterface: 'hint:60@ext-local' }) +
      entry('400', 1, '1.1', '0698765432'),
  )
  const entities = queues.all().map(({ id, state }) => ({ id, v: '1795460000.0000000042', r: 0, state }))

  test('hides numbers, names and reasons, also of members outside the site, but keeps ids, states and positions', () => {
    const text = JSON.stringify(entities.map(hideEntity))
    for (const personal of ['0612345678', '0698765432', 'Anna', 'Marie', 'dentist', 'hint:']) {
      expect(text).not.toContain(personal)
    }
    expect(entities.map(hideEntity).map(({ id, v, r }) => [id, v, r])).toEqual(
      entities.map(({ id, v, r }) => [id, v, r]),
    )
    expect(text).toContain('"extension":"60"')
    expect(text).toContain('"position":1')
  })

  test('two queues that differ in hidden data alone look the same', () => {
    const view = (name: string, number: string) => {
      const { queues } = opened(
        queue('400') +
          member('400', `Local/${number}@from-queue/n`, { Name: name }) +
          member('400', 'PJSIP/130', { Name: 'Marie' }) +
          entry('400', 1, '1.1', number),
      )
      return queues.all().map(({ id, state }) => hideEntity({ id, v: '1795460000.0000000042', r: 0, state }))
    }
    expect(view('Anna', '0612345678')).toEqual(view('Zoe', '0745454578'))
  })

  test('a filter by extensions leaves queues complete', () => {
    const frame = { type: 'delta' as const, topic: 'queues' as const, epoch: 1, ks: [1], w: 1, entities }
    expect(filterFrame(hideFrame(frame), ['99'])).toEqual(hideFrame(frame))
  })
})

describe('one odd header costs that header at most', () => {
  const headers = [
    'Position',
    'Wait',
    'Penalty',
    'CallsTaken',
    'LastCall',
    'LastPause',
    'Status',
    'Paused',
    'Membership',
  ]
  const nines = [10, 15, 16, 400].map((digits) => '9'.repeat(digits))
  const normal = `${queue('400')}${member('400', 'PJSIP/33140', { Paused: 1 })}${entry('400', 1, '1.1')}`

  test.each(headers)('%s', (header) => {
    for (const value of ['', '-1', '1.5', '1e999', 'x', 'NaN', '0', ...nines]) {
      const { queues } = opened(normal.replaceAll(new RegExp(`^${header}: .*$`, 'gm'), `${header}: ${value}`))
      expect(queues.all(), value).toHaveLength(3)
      for (const { id, state } of queues.all()) expect(v.is(QueuePart, state), `${id} ${value}`).toBe(true)
      // Nobody has waited for months.
      for (const { state } of queues.waiting()) {
        expect(state).toMatchObject({ since: expect.stringMatching(/^2026-1[01]-/) })
      }
    }
  })
})
