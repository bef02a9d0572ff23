import { beforeEach, expect, test } from 'vitest'
import { Endpoints } from '../../bridge/normalise/endpoints.ts'
import type { AriEvent } from '../../bridge/normalise/events.ts'
import { readFrame } from '../../bridge/normalise/frames.ts'
import { presenceOf } from '../../contracts/presence.ts'

const at = (second: number) => `2026-11-24T10:00:0${second}.000Z`
let phones: Endpoints
beforeEach(() => {
  phones = started()
})

function started(earlier?: Endpoints): Endpoints {
  const fresh = new Endpoints()
  const resources = ['5860', '5861', 'desk-60']
  const devices = resources.map((resource) => ({ name: `PJSIP/${resource}`, state: 'NOT_INUSE' }))
  const endpoints = resources.map((resource) => ({ technology: 'PJSIP', resource, state: 'online' }))
  fresh.load(endpoints, devices, at(0), earlier)
  return fresh
}

function describe() {
  return phones.describe([
    { endpoint: 'PJSIP/5860', number: '60', name: 'Anne' },
    { endpoint: 'PJSIP/5861', number: '61', name: 'Bob' },
    { endpoint: 'PJSIP/desk-60', number: '60', name: 'Anne' },
  ])
}

function told(name: string, state: string, second: number): string[] {
  return phones
    .apply(event({ device_state: { name, state } }, 'DeviceStateChanged', second), at(second))
    .map(({ endpoint }) => endpoint)
}

function event(fields: object, type: string, second: number): AriEvent {
  const read = readFrame(Buffer.from(JSON.stringify({ type, timestamp: at(second), ...fields })))
  if (read.kind !== 'event') throw new Error('no event')
  return read.event
}

const wordOf = (endpoint: string) => {
  const state = phones.get(endpoint)
  return state && presenceOf(state)
}

test('a custom state AWAY60 sets away on every phone with the number 60, and clearing it removes it', () => {
  describe()
  expect(told('Custom:AWAY60', 'INUSE', 1)).toEqual(['Custom/AWAY60', 'PJSIP/5860', 'PJSIP/desk-60'])
  expect(wordOf('PJSIP/5860')).toEqual({ presence: 'away', since: at(1) })
  expect(told('Custom:DND60', 'BUSY', 2)).toHaveLength(3)
  expect(wordOf('PJSIP/desk-60')).toEqual({ presence: 'dnd', since: at(2) })
  expect(wordOf('PJSIP/5861')?.presence).toBe('available')
  expect(told('Custom:DND60', 'NOT_INUSE', 3)).toHaveLength(3)
  expect(wordOf('PJSIP/5860')?.presence).toBe('away')
  told('Custom:AWAY60', 'NOT_INUSE', 4)
  expect(wordOf('PJSIP/5860')?.presence).toBe('available')
})

test('a custom state that arrives before the numbers are known is applied once they are', () => {
  expect(told('Custom:AWAY61', 'INUSE', 1)).toEqual(['Custom/AWAY61'])
  describe()
  expect(wordOf('PJSIP/5861')).toEqual({ presence: 'away', since: at(1) })
})

test('other custom states become endpoints and change no phone; UNKNOWN is ignored', () => {
  describe()
  expect(told('Custom:lamp', 'INUSE', 1)).toEqual(['Custom/lamp'])
  expect(told('Custom:lamp', 'INUSE', 2)).toEqual([])
  expect(told('Custom:DNDdoor', 'INUSE', 3)).toEqual(['Custom/DNDdoor'])
  expect(told('Custom:AWAY60', 'UNKNOWN', 4)).toEqual([])
  expect(told('Custom:', 'INUSE', 5)).toEqual([])
})

test('ignores the custom device state DND60 on a PBX whose dial plan sends the setting “do not disturb” by UserEvent', () => {
  describe()
  const settled = { eventname: 'RenvoiFin', userevent: {} }
  phones.apply(event(settled, 'ChannelUserevent', 1), at(1))
  expect(told('Custom:DND60', 'BUSY', 2)).toEqual(['Custom/DND60'])
  expect(wordOf('PJSIP/5860')?.presence).toBe('available')
  phones.apply(event({ eventname: 'Renvoi', userevent: { Ext: '60', Dnd: '1' } }, 'ChannelUserevent', 3), at(3))
  expect(told('Custom:DND60', 'NOT_INUSE', 4)).toEqual(['Custom/DND60'])
  expect(wordOf('PJSIP/5860')).toEqual({ presence: 'dnd', since: at(3) })
})

test('after a reconnection, keeps away set until the custom state is read again, and clears it if the state was cleared', () => {
  describe()
  told('Custom:AWAY60', 'INUSE', 1)
  phones = started(phones)
  describe()
  expect(wordOf('PJSIP/5860')).toEqual({ presence: 'away', since: at(1) })
  const asked = phones.customDevices()
  expect(asked).toEqual(['Custom:DND60', 'Custom:AWAY60', 'Custom:DND61', 'Custom:AWAY61'])
  const seen = phones.custom('Custom:AWAY60')
  expect(phones.setCustom({ name: 'Custom:AWAY60', state: 'NOT_INUSE' }, seen, at(5))).toHaveLength(3)
  expect(wordOf('PJSIP/5860')?.presence).toBe('available')
})

test('ignores a custom state that was requested before a newer event arrived', () => {
  describe()
  const seen = phones.custom('Custom:AWAY60')
  told('Custom:AWAY60', 'INUSE', 1)
  expect(phones.setCustom({ name: 'Custom:AWAY60', state: 'UNKNOWN' }, seen, at(2))).toEqual([])
  expect(wordOf('PJSIP/5860')?.presence).toBe('away')
})
