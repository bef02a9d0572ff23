import { expect } from 'vitest'
import { browserTest, openBoard, useDashboard } from './support/board.ts'
import { call, endedCall, endpoint, party, queueCaller, queueMember, queuePart } from './support/facts.ts'

const dashboard = useDashboard()

browserTest('shows the site, its extensions, the live calls and the calls that have just ended', async () => {
  const { page, phone, connected } = await openBoard(dashboard.url, {
    prepare(peer) {
      peer.endpoints.set('PJSIP/5860', endpoint('5860', 'INUSE', { number: '60', name: 'Reception' }))
      peer.endpoints.set('PJSIP/5861', endpoint('5861', 'INUSE'))
      peer.endpoints.set('PJSIP/5862', endpoint('5862', 'UNAVAILABLE'))
      peer.calls.set('2.1', call('2.1', 'answered', { answeredAt: new Date(Date.now() - 65_000).toISOString() }))
      peer.ended = [endedCall('1.1', { result: 'no-answer', durationSeconds: 20, talkSeconds: 0 })]
    },
  })
  await connected()
  expect(await page.title()).toBe('Board · demo · Switchhook')
  expect(await page.getByRole('banner').innerText()).toMatch(/demo\s+3 extensions/)
  expect(await phone('5860').innerText()).toMatch(/60 Reception\s+On call · Workshop\s+1:\d\d/)
  expect(await phone('5862').innerText()).toMatch(/5862\s+Offline/)
  expect(await page.locator('[data-call="2.1"]').innerText()).toMatch(
    /Reception 60[\s\S]*Workshop 61[\s\S]*[1-9]\d*:\d\d[\s\S]*On call/,
  )
  const row = page.locator('[data-linkedid="1.1"]')
  await row.waitFor()
  expect(await row.innerText()).toMatch(/Reception 60[\s\S]*Workshop 61[\s\S]*Missed/)
})

browserTest('says Calling on the board and Dialling among the live calls until a call is answered', async () => {
  const { page, peer, phone, connected } = await openBoard(dashboard.url)
  await connected()
  peer.push('endpoints', [endpoint('5860', 'INUSE')])
  peer.push('calls', [call('2.1', 'dialling', { callees: [], dialled: '0612489033' })])
  await phone('5860').getByText('Calling').waitFor()
  expect(await phone('5860').innerText()).toMatch(/06\s12\s48\s90\s33/)
  await page.locator('[data-call="2.1"]').getByText('Dialling').waitFor()
  peer.push('calls', [call('2.1', 'answered', { dialled: '0612489033', answeredAt: new Date().toISOString() })])
  await phone('5860').getByText('On call').waitFor()
  peer.push('calls', [call('2.2', 'answered', { answeredAt: new Date().toISOString() })])
  await phone('5860').getByText('2 calls').waitFor()
})

browserTest('shows trunks apart from phones, with their registration and the calls that use them', async () => {
  const since = new Date().toISOString()
  const trunk = (state: 'registered' | 'rejected') => ({ trunk: { registration: { state, since } } })
  const { page, peer, connected } = await openBoard(dashboard.url, {
    prepare(peer) {
      peer.endpoints.set('PJSIP/5860', endpoint('5860', 'INUSE'))
      peer.endpoints.set('PJSIP/provider', endpoint('provider', 'INUSE', trunk('registered')))
      peer.endpoints.set('PJSIP/gsm', endpoint('gsm', 'NOT_INUSE', { trunk: {}, reachability: 'unknown' }))
      peer.calls.set('2.1', call('2.1', 'answered', { callees: [party('', '', 'provider')] }))
    },
  })
  await connected()
  const shown = page.locator('[data-trunk="PJSIP/provider"]')
  expect(await shown.innerText()).toMatch(/provider\s+Registered\s+1 call$/)
  expect(await page.locator('[data-trunk="PJSIP/gsm"]').innerText()).toMatch(/gsm\s+Not checked/)
  expect(await page.locator('.tiles [data-endpoint]').count()).toBe(1)
  // A caller without a number is withheld, and not the trunk.
  await page.locator('[data-call="2.1"]').getByText('Withheld number').waitFor()
  peer.push('endpoints', [endpoint('provider', 'NOT_INUSE', trunk('rejected'))])
  peer.push('calls', [call('2.1', 'ended', { endedAt: since })])
  await shown.getByText('Registration refused').waitFor()
  await shown.getByText('0 calls').waitFor()
})

browserTest(
  'shows the queues with the longest wait and their members, and nothing once the last queue is gone',
  async () => {
    const entities = [
      queuePart('400', { part: 'queue', queue: '400', strategy: 'ringall' }),
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
    expect(await shown.innerText()).toMatch(
      /400\s+2 waiting\s+longest\s+1:\d\d[\s\S]*60: On call[\s\S]*61: Paused: lunch/,
    )
    peer.push('queues', [
      queuePart('400/callers/1.1', { part: 'gone', queue: '400' }),
      queuePart('400/callers/1.2', { part: 'gone', queue: '400' }),
      queueMember('61', { state: 'RINGING' }),
    ])
    await shown.getByText('Nobody waits').waitFor()
    await shown.getByText('61: Ringing').waitFor({ state: 'attached' })
    // The PBX is down.
    peer.push('queues', [
      queueMember('61', { state: 'UNKNOWN', paused: { reason: 'lunch' }, confirmed: false }),
      queueCaller(1, 65_000, { confirmed: false }),
    ])
    await page.locator('[data-queue="400"][data-confirmed="false"]').waitFor()
    expect(await shown.innerText()).toMatch(/400\s+1 waiting\s+not confirmed[\s\S]*60: On call[\s\S]*61: Unknown/)
    peer.push(
      'queues',
      [],
      [...peer.queues.values()].map(({ id, v }) => ({ id, v, r: 1 })),
    )
    await shown.waitFor({ state: 'detached' })
  },
)

browserTest(
  'shows a call from ringing to its end, then once among the ended calls; state changes begin with real changes',
  async () => {
    const { page, peer, phone, connected } = await openBoard(dashboard.url)
    await connected()
    await page.getByText('No calls in progress').waitFor()
    await page.getByText('No phone has changed its state since this page was opened.').waitFor()

    peer.push('endpoints', [endpoint('5860', 'INUSE'), endpoint('5861', 'RINGING')])
    peer.push('calls', [call('2.1', 'ringing')])
    await phone('5861').getByText('Ringing').waitFor()
    await page.locator('[data-call="2.1"]').getByText('Ringing').waitFor()
    peer.push('endpoints', [endpoint('5861', 'INUSE')])
    peer.push('calls', [call('2.1', 'answered', { answeredAt: new Date().toISOString() })])
    await page.locator('[data-call="2.1"]').getByText('On call').waitFor()
    peer.push('endpoints', [endpoint('5860', 'NOT_INUSE'), endpoint('5861', 'NOT_INUSE')])
    peer.push('calls', [call('2.1', 'ended', { endedAt: new Date().toISOString(), cause: 16 })])
    await page.getByText('No calls in progress').waitFor()
    peer.ended.unshift(endedCall('2.1', { result: 'busy', legs: 2 }))
    await page.locator('[data-linkedid="2.1"]').getByText('Busy').waitFor()
    expect(await page.locator('[data-linkedid="2.1"]').count()).toBe(1)

    const states = await page.locator('.state-table tbody tr').allInnerTexts()
    const of61 = states.filter((text) => text.includes('PJSIP/5861')).map((text) => text.split(/\t|\n/).at(-1)?.trim())
    expect(of61).toEqual(['Available', 'On call', 'Ringing'])
  },
)

browserTest('shows forwards, do-not-disturb and voicemail of each phone, and counts and filters by state', async () => {
  const since = new Date(Date.now() - 3_700_000).toISOString()
  const { page, peer, phone, connected } = await openBoard(dashboard.url, {
    prepare(peer) {
      peer.endpoints.set('PJSIP/5860', endpoint('5860', 'NOT_INUSE', { dnd: { since } }))
      peer.endpoints.set('PJSIP/5861', endpoint('5861', 'NOT_INUSE', { forward: { target: '0612489033', since } }))
      peer.endpoints.set(
        'PJSIP/5862',
        endpoint('5862', 'INUSE', { mailbox: { new: 3, old: 1, since }, dnd: { since } }),
      )
      peer.endpoints.set('PJSIP/5863', endpoint('5863', 'NOT_INUSE', { forwardNoAnswer: { target: '5862', since } }))
      peer.endpoints.set('Custom/DND60', endpoint('DND60', 'INUSE', { endpoint: 'Custom/DND60', technology: 'Custom' }))
    },
  })
  await connected()
  expect(await phone('5860').innerText()).toMatch(/Do not disturb\s+1 h/)
  expect(await phone('5861').innerText()).toMatch(/Forwarded · 06\s12\s48\s90\s33/)
  expect(await phone('5862').innerText()).toMatch(/Do not disturb\s+3\s+new voicemail messages[\s\S]*On call/)
  expect(await phone('5863').innerText()).toMatch(/Forward\s+Available · no answer → 5862/)
  expect(await page.locator('[data-endpoint="Custom/DND60"]').count()).toBe(0)
  const chips = page.getByRole('group', { name: 'States' })
  expect((await chips.innerText()).replace(/\s+/g, ' ')).toBe(
    'States All 4 Ringing 0 On call 1 Available 1 Do not disturb 2 Forwarded 2',
  )
  await chips.getByRole('button', { name: 'Forwarded' }).click()
  expect(new URL(page.url()).search).toBe('?state=forwarded')
  expect(await page.locator('.tiles [data-endpoint]').count()).toBe(2)
  // The filter is in the address: Back removes it and a reload keeps it.
  await page.reload()
  await phone('5861').waitFor()
  expect(await page.locator('.tiles [data-endpoint]').count()).toBe(2)
  await page.goBack()
  await phone('5860').waitFor()
  peer.push('endpoints', [endpoint('5860', 'RINGING', { dnd: { since } })])
  await phone('5860').getByText('Ringing').waitFor()
  // No letter is lost, whatever the page was doing when it was typed.
  const filter = page.getByRole('searchbox')
  await filter.focus()
  const typed = await filter.evaluate(async (input: HTMLInputElement) => {
    for (const [at, letter] of [...'5863'.repeat(20)].entries()) {
      document.execCommand('insertText', false, letter)
      if (at % 3 === 0) await new Promise(requestAnimationFrame)
      if (at % 3 === 1) await new Promise((resolve) => setTimeout(resolve, at % 5))
    }
    return input.value
  })
  expect(typed).toBe('5863'.repeat(20))
})

browserTest('timers run while the page is live, and stand still with controls off once it is cut off', async () => {
  const { page, peer, connected } = await openBoard(dashboard.url, {
    mayComplain: /WebSocket|ERR_|503/,
    prepare(peer) {
      peer.scopes = [...peer.scopes, 'calls:write']
      peer.endpoints.set('PJSIP/5860', endpoint('5860', 'INUSE'))
      peer.calls.set('2.1', call('2.1', 'answered', { answeredAt: new Date().toISOString() }))
    },
  })
  await connected()
  const timer = page.locator('[data-call="2.1"] .timer')
  const seconds = async () => {
    const [, minutes, rest] = /(\d+):(\d\d)/.exec(await timer.innerText()) ?? []
    return 60 * Number(minutes) + Number(rest)
  }
  const before = await seconds()
  await expect.poll(seconds).toBeGreaterThan(before)
  peer.refusal = { status: 503, errorId: 'cloud-down', detail: 'The cloud is being repaired.' }
  peer.drop()
  await page.getByText('Connection lost.').waitFor()
  await page.getByText(/The page shows the state of \d/).waitFor()
  const stopped = await seconds()
  // The page's own clock goes on: two seconds later the timer must not have moved.
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 2_100)))
  expect(await seconds()).toBe(stopped)
  expect(await page.getByRole('button', { name: 'Hang up' }).getAttribute('aria-disabled')).toBe('true')
  expect(await page.getByRole('button', { name: 'Call', exact: false }).first().getAttribute('aria-disabled')).toBe(
    'true',
  )
  peer.refusal = undefined
  await connected()
  await expect.poll(seconds).toBeGreaterThan(stopped)
})

browserTest('shows names with markup, right-to-left text and 200 characters as text, within their places', async () => {
  const markup = '<img src=x onerror="document.title=1">'
  const names = [markup, 'مكتب الاستقبال', 'x'.repeat(200)]
  const { page, phone, connected } = await openBoard(dashboard.url, {
    viewport: { width: 360, height: 800 },
    prepare(peer) {
      names.forEach((name, n) => {
        peer.endpoints.set(`PJSIP/586${n}`, endpoint(`586${n}`, 'INUSE', { name }))
        peer.calls.set(`2.${n}`, call(`2.${n}`, 'ringing', { caller: party(name, name), dialled: name, callees: [] }))
      })
    },
  })
  await connected()
  for (const [n, name] of names.entries()) expect(await phone(`586${n}`).innerText()).toContain(name)
  expect(await page.locator('main img').count()).toBe(0)
  expect(await page.title()).toBe('Board · demo · Switchhook')
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360)
})

browserTest('says what each place is for on a site without phones, calls and a bridge', async () => {
  const { page, connected } = await openBoard(dashboard.url, {
    prepare(peer) {
      peer.lastHeard = undefined
    },
  })
  await connected()
  for (const text of [
    'This site has no phones yet',
    'No calls in progress',
    'No calls recorded yet.',
    'The bridge beside the PBX has never connected.',
  ]) {
    await page.getByText(text).waitFor()
  }
})

browserTest('in replay mode, says that the calls come from a recording, also after a reload', async () => {
  const { page, connected } = await openBoard(dashboard.url, { more: { mode: 'replay' } })
  await connected()
  await page.getByText('This is a recording of a real Asterisk').waitFor()
  await page.reload()
  await page.getByText('This is a recording of a real Asterisk').waitFor()
})

browserTest('says since when the bridge has sent nothing, until its next event arrives', async () => {
  const { page, peer, connected } = await openBoard(dashboard.url, {
    prepare(peer) {
      peer.endpoints.set('PJSIP/5860', endpoint('5860', 'NOT_INUSE'))
      peer.lastHeard = new Date(Date.now() - 120_000).toISOString()
    },
  })
  await connected()
  const notice = page.getByText('The bridge beside the PBX has gone silent.')
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
    const notice = page.getByText('The PBX does not answer.')
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
  const notice = page.getByText('Reason: bridge restarted.')
  await notice.waitFor()
  await page.getByRole('button', { name: 'Dismiss' }).click()
  await notice.waitFor({ state: 'detached' })
})
