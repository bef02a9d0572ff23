import { expect, test } from 'vitest'
import type { AriRequests } from '../../bridge/asterisk/ari-connection.ts'
import { Counters } from '../../bridge/operate/counters.ts'
import { PhoneSettings } from '../../bridge/phone-settings.ts'
import { eventOf, presenceWorld, silentLog, snapshotOf } from '../support/presence-world.ts'

/*
 * Goal: forwarding and do not disturb that the users of a FreePBX or Issabel set by star codes are shown, and gone when they are gone.
 * Method: an astDB in the form in which FreePBX's dial plan keeps it, read through the ports of the Manager Interface and ARI.
 */
const phones = ['101', '102', '103']
const signal = new AbortController().signal

async function freepbx(
  astdb: Record<string, string>,
  modules = ['func_db.so', 'func_dialplan.so'],
  { technology = 'PJSIP', hasContext = false } = {},
) {
  const world = presenceWorld()
  const snapshot = snapshotOf(...phones)
  const deviceStates = snapshot.deviceStates.map((one) => ({ ...one, name: one.name.replace('PJSIP', technology) }))
  await world.connect({
    ...snapshot,
    endpoints: snapshot.endpoints.map((one) => ({ ...one, technology })),
    deviceStates,
  })
  const lamps = new Map<string, string>()
  const pbx = { isAway: false, asked: [] as string[], slowMs: 0 }
  const request = async (path: string) => {
    if (path === '/asterisk/modules') return modules.map((name) => ({ name, status: 'Running' }))
    const name = decodeURIComponent(path.split('/').at(-1) ?? '')
    if (path.startsWith('/deviceStates')) return { name, state: lamps.get(name) ?? 'UNKNOWN' }
    return path.includes('/config/') ? [{ attribute: 'callerid', value: `"Phone" <${name}>` }] : []
  }
  const posted: unknown[] = []
  const post: AriRequests['post'] = async (_path, body) => void posted.push(body)
  const requests: AriRequests = { get: request, put: request, post, delete: request }
  const ami = {
    async variable(name: string) {
      pbx.asked.push(name)
      world.clock.monotonicMs += pbx.slowMs
      if (pbx.isAway) return undefined
      const family = /^DB_KEYS\((\w+)\)$/.exec(name)?.[1]
      if (family === undefined) return hasContext ? '1' : '0'
      const keys = Object.keys(astdb).filter((key) => key.startsWith(`${family}/`))
      return [...new Set(keys.map((key) => key.split('/')[1]))].join(',')
    },
    database: async (family: string, key: string) => (pbx.isAway ? undefined : (astdb[`${family}/${key}`] ?? '')),
  }
  const counters = new Counters()
  const settings = new PhoneSettings({
    requests,
    ami,
    known: world.presence,
    anyChannel: () => undefined,
    counters,
    log: silentLog,
    clock: { nowMs: () => world.clock.wallMs, monotonicMs: () => world.clock.monotonicMs },
  })
  const tick = async (laterMs = 0) => {
    world.clock.wallMs += laterMs
    world.clock.monotonicMs += laterMs
    await settings.tick(signal)
  }
  const phone = (number: string) => world.state.endpoints.all().find(({ resource }) => resource === number)
  /** What a star code does: writes astDB and sets the lamp. */
  const dial = (key: string, value: string, lamp: string, state: string) => {
    if (value === '') delete astdb[key]
    else astdb[key] = value
    lamps.set(`Custom:${lamp}`, state)
    const device_state = { name: `Custom:${lamp}`, state }
    world.pipeline.onEvent(eventOf({ type: 'DeviceStateChanged', device_state }))
  }
  return { world, tick, phone, dial, pbx, counters, astdb, posted }
}

const users = { 'AMPUSER/101/cidname': 'Ann', 'AMPUSER/102/cidname': 'Bob' }

test('shows the forwards and do not disturb in the families of FreePBX; without our context the API can set none', async () => {
  const it = await freepbx({
    ...users,
    'CF/101': '0612345678',
    'CFB/102': '103',
    'CFU/102': '*97',
    'DND/103': 'YES',
    'CW/101': 'ENABLED',
    'CF/101/prompting_for': 'x',
    'CF/not-a-number': '1',
  })
  await it.tick()
  const since = '2026-11-30T12:00:00.000Z'
  expect(it.phone('101')).toMatchObject({ forward: { target: '0612345678', since } })
  expect(it.phone('102')).toMatchObject({
    forwardBusy: { target: '103' },
    forwardNoAnswer: { target: '*97' },
    forwardUnavailable: { target: '*97' },
  })
  expect(it.phone('103')).toMatchObject({ dnd: { since } })
  for (const number of phones) expect(it.phone(number)).not.toHaveProperty('forwardable')
  expect(it.counters.get('forwarding-missing')).toBe(0)
})

test('a forward that a phone sets by *72 is shown at the next second, and one that it clears is gone', async () => {
  const it = await freepbx({ ...users })
  await it.tick()
  it.dial('CF/101', '102', 'CF101', 'BUSY')
  await it.tick(1_000)
  expect(it.phone('101')?.forward?.target).toBe('102')
  it.dial('CF/101', '', 'CF101', 'NOT_INUSE')
  await it.tick(1_000)
  expect(it.phone('101')).not.toHaveProperty('forward')
})

test('do not disturb by *78 is shown with its lamp, and what only astDB has with the next reading', async () => {
  const it = await freepbx({ ...users })
  await it.tick()
  it.dial('DND/101', 'YES', 'DND101', 'BUSY')
  expect(it.phone('101')).toHaveProperty('dnd')
  it.astdb['DND/102'] = 'YES'
  it.astdb['CFB/103'] = '101'
  await it.tick(30_000)
  expect(it.phone('101')).toHaveProperty('dnd')
  expect(it.phone('102')).toHaveProperty('dnd')
  expect(it.phone('103')?.forwardBusy?.target).toBe('101')
  it.dial('DND/101', '', 'DND101', 'UNAVAILABLE')
  expect(it.phone('101')).not.toHaveProperty('dnd')
})

test('an unchanged setting keeps its time, and lamps of devices and follow-me are no settings of a person', async () => {
  const it = await freepbx({ ...users, 'CF/101': '102' })
  await it.tick()
  it.dial('x', '', 'DEVDND101', 'BUSY')
  it.dial('x', '', 'DEVCF102', 'BUSY')
  it.dial('x', '', 'FOLLOWME103', 'BUSY')
  await it.tick(30_000)
  expect(it.phone('101')).toMatchObject({ forward: { target: '102', since: '2026-11-30T12:00:00.000Z' } })
  for (const number of phones) expect(it.phone(number)).not.toHaveProperty('dnd')
  expect([it.phone('102')?.forward, it.phone('103')?.forward]).toEqual([undefined, undefined])
})

test('while the Manager Interface does not answer, what was known stays, and it is asked again', async () => {
  const it = await freepbx({ ...users, 'CF/101': '102' })
  await it.tick()
  it.pbx.isAway = true
  await it.tick(30_000)
  expect(it.phone('101')?.forward?.target).toBe('102')
  it.pbx.isAway = false
  delete it.astdb['CF/101']
  await it.tick(30_000)
  expect(it.phone('101')).not.toHaveProperty('forward')
})

test('a PBX without users of FreePBX has no settings, and one without func_db is not asked for them', async () => {
  const plain = await freepbx({ 'CF/101': '102' })
  await plain.tick()
  expect(plain.phone('101')).not.toHaveProperty('forward')
  expect(plain.counters.get('forwarding-missing')).toBe(1)
  const without = await freepbx({ ...users, 'CF/101': '102' }, ['func_dialplan.so'])
  await without.tick()
  expect(without.pbx.asked).toEqual([])
})

const settable = ['func_db.so', 'func_dialplan.so']

test('with the context of snippets/freepbx.conf settings can be set, and are read from the keys of FreePBX', async () => {
  const it = await freepbx({ ...users, 'CF/101': '102', 'DND/102': 'YES', 'renvoi/103': '104' }, settable, {
    hasContext: true,
  })
  await it.tick()
  expect(it.phone('101')).toMatchObject({ forwardable: true, forward: { target: '102' } })
  expect(it.phone('102')).toMatchObject({ forwardable: true, dnd: {} })
  expect(it.phone('103')?.forward).toBeUndefined()
  // astDB was read, so the dial plan need not report.
  expect(it.posted).toEqual([])
})

test('what the web pages change without an event is shown at the next second, also a new target of a forward', async () => {
  const it = await freepbx({ ...users, 'CF/101': '102' }, settable, { hasContext: true })
  await it.tick()
  it.astdb['CFB/101'] = '103'
  it.astdb['CF/101'] = '103'
  await it.tick(1_000)
  expect(it.phone('101')).toMatchObject({ forward: { target: '103' }, forwardBusy: { target: '103' } })
  delete it.astdb['CFB/101']
  await it.tick(1_000)
  expect(it.phone('101')).not.toHaveProperty('forwardBusy')
})

test('reading takes at most a twentieth of the time, however long Asterisk needs for it', async () => {
  const it = await freepbx({ ...users }, settable, { hasContext: true })
  it.pbx.slowMs = 100
  await it.tick()
  const asked = () => it.pbx.asked.filter((name) => name === 'DB_KEYS(CF)').length
  const begun = asked()
  // Four families took 400 ms, so that the next reading is due after 8 s.
  for (let second = 0; second < 7; second += 1) await it.tick(1_000)
  expect(asked()).toBe(begun)
  await it.tick(1_000)
  expect(asked()).toBe(begun + 1)
})

test("phones of chan_sip have the number and name of their user, and a trunk is nobody's", async () => {
  const it = await freepbx(
    {
      ...users,
      'DEVICE/101/user': '101',
      'DEVICE/102/user': '250',
      'AMPUSER/250/cidname': 'Zoe',
      'CF/250': '101',
      'AMPUSER/103/cidname': 'Nobody here',
    },
    settable,
    { technology: 'SIP', hasContext: true },
  )
  await it.tick()
  expect(it.phone('101')).toMatchObject({ endpoint: 'SIP/101', number: '101', name: 'Ann' })
  // In the mode "device and user" somebody else may use the device.
  expect(it.phone('102')).toMatchObject({ number: '250', name: 'Zoe', forward: { target: '101' } })
  expect(it.phone('103')).not.toHaveProperty('number')
  it.astdb['DEVICE/102/user'] = 'none'
  await it.tick(600_000)
  expect(it.phone('102')).not.toHaveProperty('number')
  expect(it.phone('102')).not.toHaveProperty('forward')
})
