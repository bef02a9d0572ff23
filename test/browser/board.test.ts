import { expect } from 'vitest'
import { browserTest, openBoard, useDashboard } from './support/board.ts'
import { call, endedCall, endpoint, party, queueCaller, queueMember, queuePart } from './support/facts.ts'

const dashboard = useDashboard()

browserTest(
  'shows the name, the phones, the live calls and the call log of the site once it is connected',
  async () => {
    const { page, phone, connected } = await openBoard(dashboard.url, {
      prepare(peer) {
        peer.endpoints.set('PJSIP/5860', endpoint('5860', 'INUSE'))
        peer.endpoints.set('PJSIP/5861', endpoint('5861', 'INUSE'))
        peer.endpoints.set('PJSIP/5862', endpoint('5862', 'UNAVAILABLE'))
        peer.calls.set('2.1', call('2.1', 'answered', { answeredAt: new Date(Date.now() - 65_000).toISOString() }))
        peer.ended = [endedCall('1.1', { result: 'no-answer', durationSeconds: 20, talkSeconds: 0 })]
      },
    })
    await connected()
    expect(await page.title()).toBe('demo · Switchhook')
    expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe('demo')
    expect(await phone('5860').innerText()).toMatch(/5860\s+On call\s+with Workshop/)
    expect(await phone('5862').innerText()).toMatch(/5862\s+Offline\s+since/)
    expect(await page.locator('[data-call="2.1"]').innerText()).toMatch(
      /Reception\s60[\s\S]*Workshop\s61[\s\S]*On call[\s\S]*[1-9]\d*:\d\d/,
    )
    const row = page.locator('[data-linkedid="1.1"]')
    await row.waitFor()
    expect(await row.innerText()).toMatch(/Reception\s60\s+61\s+No answer\s+0:20\s+0:00/)
  },
)

browserTest('shows trunks apart from phones, with their registration and the calls that use them', async () => {
  const since = new Date().toISOString()
  const trunk = (state: 'registered' | 'rejected') => ({ trunk: { registration: { state, since } } })
  const { page, peer, connected } = await openBoard(dashboard.url, {
    prepare(peer) {
      peer.endpoints.set('PJSIP/5860', endpoint('5860', 'INUSE'))
      peer.endpoints.set('PJSIP/provider', endpoint('provider', 'INUSE', trunk('registered')))
      peer.calls.set('2.1', call('2.1', 'answered', { callees: [party('0612345678', '', 'provider')] }))
    },
  })
  await connected()
  const shown = page.locator('[data-trunk="PJSIP/provider"]')
  expect(await shown.innerText()).toMatch(/provider\s+Registered\s+since[\s\S]*1 call$/)
  expect(await page.locator('.phones [data-endpoint]').count()).toBe(1)
  expect(await page.locator('.phones .summary').innerText()).toBe('1 on call')
  peer.push('endpoints', [endpoint('provider', 'NOT_INUSE', trunk('rejected'))])
  peer.push('calls', [call('2.1', 'ended', { endedAt: since })])
  await shown.getByText('Registration refused').waitFor()
  await shown.getByText('0 calls').waitFor()
})

browserTest(
  'shows the queues with the longest wait and their members, and nothing once the last queue is gone',
  async () => {
    const head = queuePart('400', { part: 'queue', queue: '400', strategy: 'ringall' })
    const entities = [
      head,
      queueMember('60', { state: 'INUSE' }),
      queueMember('61', { paused: { reason: 'lunch' } }),
      queueCaller(1, 65_000),
      queueCaller(2, 5_000),
    ]
    const { page, peer, connected } = await openBoard(dashboard.url, {
      prepare(peer) {
        for (const entity of entities) peer.queues.set(entity.id, entity)
      },
    })
    await connected()
    const shown = page.locator('[data-queue="400"]')
    expect(await shown.innerText()).toMatch(/400\s+2 waiting longest 1:\d\d\s+60\s+On call\s+61\s+Paused: lunch/)
    peer.push('queues', [
      queuePart('400/callers/1.1', { part: 'gone', queue: '400' }),
      queuePart('400/callers/1.2', { part: 'gone', queue: '400' }),
      queueMember('61', { state: 'RINGING' }),
    ])
    await shown.getByText('Nobody waits').waitFor()
    await shown.getByText('Ringing').waitFor()
    // The PBX is down.
    peer.push('queues', [
      queueMember('61', { state: 'UNKNOWN', paused: { reason: 'lunch' }, confirmed: false }),
      queueCaller(1, 65_000, { confirmed: false }),
    ])
    await page.locator('[data-queue="400"][data-confirmed="false"]').waitFor()
    expect(await shown.innerText()).toMatch(/400\s+1 waiting not confirmed\s+60\s+On call\s+61\s+Unknown/)
    peer.push(
      'queues',
      [],
      [...peer.queues.values()].map(({ id, v }) => ({ id, v, r: 1 })),
    )
    await shown.waitFor({ state: 'detached' })
  },
)

browserTest('shows a call from ringing to its end, then its record in the call log', async () => {
  const { page, peer, phone, connected } = await openBoard(dashboard.url)
  await connected()
  expect(await page.getByText('No calls in progress.').isVisible()).toBe(true)

  peer.push('endpoints', [endpoint('5860', 'INUSE'), endpoint('5861', 'RINGING')])
  peer.push('calls', [call('2.1', 'ringing')])
  await phone('5861').getByText('Ringing').waitFor()
  await page.locator('[data-call="2.1"]').getByText('Ringing').waitFor()

  peer.push('endpoints', [endpoint('5861', 'INUSE')])
  peer.push('calls', [call('2.1', 'answered', { answeredAt: new Date().toISOString() })])
  await page.locator('[data-call="2.1"]').getByText('On call').waitFor()

  peer.push('endpoints', [endpoint('5860', 'NOT_INUSE'), endpoint('5861', 'NOT_INUSE')])
  peer.push('calls', [call('2.1', 'ended', { endedAt: new Date().toISOString(), cause: 16 })])
  await page.getByText('No calls in progress.').waitFor()
  peer.ended.unshift(endedCall('2.1'))
  await page.locator('[data-linkedid="2.1"]').waitFor()

  const states = await page.locator('.state-table tbody tr').allInnerTexts()
  const of61 = states.filter((text) => text.includes('PJSIP/5861')).map((text) => text.split(/\t|\n/).at(-1)?.trim())
  expect(of61).toEqual(['Available', 'On call', 'Ringing', 'Available'])
})

browserTest(
  'shows which phones have do-not-disturb or away set, and does not show a custom device state as a phone',
  async () => {
    const { page, peer, phone, connected } = await openBoard(dashboard.url)
    await connected()
    const set = { since: new Date(Date.now() - 3_600_000).toISOString() }
    const lamp = { endpoint: 'Custom/DND60', technology: 'Custom' }
    peer.push('endpoints', [
      endpoint('5860', 'NOT_INUSE', { dnd: set }),
      endpoint('5861', 'NOT_INUSE', { away: set }),
      endpoint('DND60', 'INUSE', lamp),
    ])
    await phone('5860').getByText('Do not disturb').waitFor()
    await phone('5861').getByText('Away').waitFor()
    expect(await page.locator('.summary').innerText()).toMatch(/1 do not disturb\s+1 away/)
    expect(await page.locator('[data-endpoint="Custom/DND60"]').count()).toBe(0)
    peer.push('endpoints', [endpoint('5860', 'RINGING', { dnd: set })])
    await phone('5860').getByText('Ringing').waitFor()
  },
)

browserTest('increases the shown duration of a live call each second', async () => {
  const { page, peer, connected } = await openBoard(dashboard.url)
  await connected()
  peer.push('calls', [call('2.1', 'ringing')])
  const running = page.locator('[data-call="2.1"] .running')
  const seconds = async () => {
    const [, minutes, rest] = /(\d+):(\d\d)/.exec(await running.innerText()) ?? []
    return 60 * Number(minutes) + Number(rest)
  }
  await expect.poll(seconds).toBeGreaterThan(0)
  const before = await seconds()
  await expect.poll(seconds).toBeGreaterThan(before)
})

browserTest('loads a page of older calls when the button is clicked', async () => {
  const { page, connected } = await openBoard(dashboard.url, {
    prepare(peer) {
      peer.ended = Array.from({ length: 6 }, (_, n) => endedCall(`1.${6 - n}`))
    },
  })
  await connected()
  const rows = page.locator('.call-table tbody tr')
  await rows.first().waitFor()
  expect(await rows.count()).toBe(4)
  await page.getByRole('button', { name: 'Show older calls' }).click()
  await page.locator('[data-linkedid="1.1"]').waitFor()
  expect(await rows.count()).toBe(6)
  expect(await page.getByRole('button', { name: 'Show older calls' }).count()).toBe(0)
})

browserTest('shows HTML tags in names and numbers as plain text', async () => {
  const { page, peer, connected } = await openBoard(dashboard.url)
  await connected()
  peer.push('calls', [call('2.1', 'ringing', { caller: party('<b>60</b>', '<img src=x onerror=alert(1)>') })])
  await page.getByText('<img src=x onerror=alert(1)>', { exact: true }).waitFor()
  expect(await page.locator('.call img').count()).toBe(0)
})

browserTest('says in each section of a new site that it is still empty', async () => {
  const { page, connected } = await openBoard(dashboard.url, {
    prepare(peer) {
      peer.lastHeard = undefined
    },
  })
  await connected()
  for (const text of [
    'This site has no phones yet.',
    'No calls in progress.',
    'No calls recorded yet.',
    'No state changes yet.',
    'The bridge beside the PBX has not connected yet.',
  ]) {
    await page.getByText(text).waitFor()
  }
})

browserTest('in replay mode, says that the calls come from a recording, also after a reload', async () => {
  const { page, connected } = await openBoard(dashboard.url, { more: { mode: 'replay' } })
  await connected()
  await page.getByText('Replaying a recording of a real Asterisk').waitFor()
  await page.reload()
  await page.getByText('Replaying a recording of a real Asterisk').waitFor()
})

browserTest('says since when the bridge has sent nothing, until its next event arrives', async () => {
  const { page, peer, connected } = await openBoard(dashboard.url, {
    prepare(peer) {
      peer.endpoints.set('PJSIP/5860', endpoint('5860', 'NOT_INUSE'))
      peer.lastHeard = new Date(Date.now() - 120_000).toISOString()
    },
  })
  await connected()
  const notice = page.getByText('The bridge beside the PBX has sent nothing since')
  await notice.waitFor()
  peer.push('endpoints', [endpoint('5860', 'RINGING')])
  await notice.waitFor({ state: 'detached' })
})

browserTest(
  'says since when the PBX is down, with phones unknown and calls not confirmed, until it is back',
  async () => {
    const { page, peer, phone, connected } = await openBoard(dashboard.url, {
      prepare(peer) {
        peer.endpoints.set('PJSIP/5860', endpoint('5860', 'INUSE'))
        peer.calls.set('2.1', call('2.1', 'answered'))
      },
    })
    await connected()
    const said = (state: 'up' | 'down', v: string) => {
      const [lastHeard, since] = [new Date().toISOString(), new Date(Date.now() - 5_000).toISOString()]
      peer.say({ type: 'heard', lastHeard, stale: false, pbx: { state, since, v } })
    }
    peer.push('endpoints', [
      endpoint('5860', 'UNKNOWN', { reachability: 'unknown', confirmed: false, dnd: { since: '' } }),
    ])
    peer.push('calls', [call('2.1', 'answered', { confirmed: false })])
    said('down', '2')
    const notice = page.getByText('The PBX has not answered since')
    await notice.waitFor()
    await page.locator('[data-call="2.1"]').getByText('not confirmed').waitFor()
    expect(await phone('5860').getAttribute('data-state')).toBe('unknown')
    said('up', '1')
    peer.push('endpoints', [endpoint('5860', 'NOT_INUSE')])
    await page.locator('[data-endpoint="PJSIP/5860"][data-state="available"]').waitFor()
    expect(await notice.isVisible()).toBe(true)
    said('up', '3')
    await notice.waitFor({ state: 'detached' })
  },
)

browserTest('after a gap, shows a notice that changes may be missing, until the user dismisses it', async () => {
  const { page, peer, connected } = await openBoard(dashboard.url)
  await connected()
  const from = new Date(Date.now() - 9_000).toISOString()
  peer.say({ type: 'gap', from, to: new Date().toISOString(), reason: 'bridge restarted' })
  const notice = page.getByText('may be missing (bridge restarted)')
  await notice.waitFor()
  await page.getByRole('button', { name: 'Dismiss' }).click()
  await notice.waitFor({ state: 'detached' })
})
