import { readFile } from 'node:fs/promises'
import { expect } from 'vitest'
import { until } from '../support/until.ts'
import { browserTest, openBoard, useDashboard } from './support/board.ts'
import { sampleSite } from './support/sample-site.ts'

/** What a person does on the pages beside the board, on a made-up site. */
const dashboard = useDashboard()
const open = (path: string, more: Parameters<typeof openBoard>[1] = {}) =>
  openBoard(`${dashboard.url}${path}`, { prepare: sampleSite, ...more })

browserTest(
  'the list of calls grows as it is scrolled; a call opens with its story, legs and records, and Back closes it',
  async () => {
    const { page, peer } = await open('calls')
    const rows = page.locator('tr[data-call]')
    await page.locator('[data-call="1.900"]').waitFor()
    await until('every page of the list', async () => {
      await rows.last().scrollIntoViewIfNeeded()
      return (await rows.count()) === 60
    })
    expect(await page.locator('[data-call="1.898"]').innerText()).toMatch(
      /Incoming[\s\S]*Harcourt & Sons \+44\s207\s946\s0812[\s\S]*Thomas Whitfield 103[\s\S]*Answered\s+0:19\s+6:26/,
    )
    await page.locator('[data-call="1.898"]').click()
    const drawer = page.locator('.drawer')
    await drawer.getByText('Answered: Thomas Whitfield').waitFor()
    expect(new URL(page.url()).pathname).toBe('/calls/1.898')
    await drawer.getByText('2 call records').click()
    expect(await drawer.getByText('linkedid').count()).toBe(2)
    await page.keyboard.press('j')
    await page.waitForURL(/calls\/1\.897/)
    await drawer.getByRole('button', { name: 'Call back' }).click()
    expect(await page.getByRole('dialog').getByLabel('Number or name').inputValue()).toBe('0474221980')
    await page.keyboard.press('Escape')
    await page.goBack()
    await drawer.waitFor({ state: 'detached' })
    await page.getByLabel('Result').selectOption('Busy')
    await until('the search', async () => peer.requests.some((url) => url.includes('result=busy')))
    expect(new URL(page.url()).search).toBe('?result=busy')
  },
)

browserTest(
  'a name in the filter of calls stands for its extension, a name of several asks which, and one of none is that of a caller',
  async () => {
    const { page, peer } = await open('calls?q=garnier')
    await until('the search', async () => peer.requests.some((url) => url.includes('party=102')))
    await page.getByRole('searchbox').fill('ma')
    await page
      .getByRole('button', { name: /Camille Renard|Mathieu Perrin/ })
      .first()
      .waitFor()
    await page.getByRole('searchbox').fill('nobody')
    await until('the search by name', async () => peer.requests.some((url) => url.includes('name=nobody')))
    await page.getByLabel('Result').selectOption({ label: 'Missed or abandoned' })
    await until('both results', async () => peer.requests.some((url) => url.includes('result=no-answer%2Ccancelled')))
  },
)

browserTest('statistics show figures beside the period before, and each chart as a table', async () => {
  const { page, peer } = await open('stats')
  await page.getByRole('heading', { name: 'Calls by hour of day' }).waitFor()
  expect(await page.locator('.kpi').first().innerText()).toMatch(/Calls\s+1,148\s+as before, 1,148/)
  const panel = page.getByRole('region', { name: 'Calls by hour of day' }).first()
  await panel.getByRole('button', { name: 'View as table' }).click()
  expect(await panel.getByRole('row').nth(1).innerText()).toMatch(/07:00\s+\d+/)
  await page.getByText('101 Camille Renard').waitFor()
  await page.getByText('up to 103 at once').waitFor()
  await page.getByRole('button', { name: 'Day', exact: true }).click()
  await until(
    'the shorter period',
    async () => new URL(page.url()).searchParams.get('from') === new URL(page.url()).searchParams.get('to'),
  )
  await page.reload()
  await page.getByRole('button', { name: 'Day', exact: true, pressed: true }).waitFor()
  expect(peer.controlled.filter(({ what }) => what.startsWith('GET stats?')).length).toBeGreaterThan(6)
})

browserTest(
  'extensions: a forward is set in its cell, and forwards of selected extensions are cleared at once',
  async () => {
    const { page, peer } = await open('extensions?filter=forwarded', {
      prepare(to) {
        sampleSite(to)
        for (const number of ['114', '202']) {
          const done = { status: 200, body: { extension: number } }
          to.scripted.set(`PUT extensions/${number}/forward`, [done])
          to.scripted.set(`DELETE extensions/${number}/forward`, [done])
        }
      },
    })
    await page.getByRole('button', { name: '114, Forward when nobody answers: 102' }).click()
    await page.keyboard.press('ControlOrMeta+a')
    await page.keyboard.type('103')
    await page.keyboard.press('Enter')
    await page.getByText('114: Forward when nobody answers to 103.').waitFor()
    expect(peer.controlled.at(-1)).toMatchObject({ body: { target: '103', when: 'no-answer' } })
    await page.getByLabel('Select 114').check()
    await page.getByLabel('Select 202').check()
    await page.getByRole('button', { name: 'Clear forwards' }).click()
    await page.getByText('The forwards are cleared.').waitFor()
    expect(peer.controlled.slice(-2).map(({ what }) => what)).toEqual([
      'DELETE extensions/114/forward?when=no-answer',
      'DELETE extensions/202/forward?when=busy',
    ])
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Export CSV' }).click(),
    ])
    expect(await readFile(await download.path(), 'utf8')).toMatch(/115,Oliver Hughes,Offline,,,,110,no,0/)
  },
)

browserTest('system shows the way from the phone to the page, and a day that differs can be repaired', async () => {
  const { page, peer } = await open('system')
  await page.getByText('Connected since').waitFor()
  expect(await page.locator('.path').innerText()).toMatch(
    /PBX\s+Up since[\s\S]*Asterisk 22\.10\.1[\s\S]*Bridge\s+Connected[\s\S]*version 0\.1\.0/,
  )
  expect(await page.getByRole('region', { name: 'Checks of the bridge' }).innerText()).toMatch(
    /^Checks of the bridge\s+To look at\s+cdr-batch[\s\S]*batch = no[\s\S]*3 checks are in order/,
  )
  await page.locator('[data-day="missing"]').click()
  await page.getByText('4 records are missing in the cloud.').waitFor()
  const day = new URL(page.url()).pathname.split('/').at(-1) ?? ''
  const asked = { day, run: 'r', state: 'asked', askedAt: new Date().toISOString(), repair: true }
  const done = { ...asked, state: 'done', isEqual: true }
  peer.scripted.set('POST cdrs/verifications', [{ status: 202, body: asked }])
  peer.scripted.set(`GET cdrs/verifications/${day}`, [{ status: 200, body: done }])
  const [known] = peer.scripted.get('GET cdrs/verifications') ?? []
  const { verifications } = (known?.body ?? {}) as { verifications: { day: string }[] }
  const repaired = verifications.map((one) => (one.day === day ? done : one))
  peer.scripted.set('GET cdrs/verifications', [{ status: 200, body: { verifications: repaired } }])
  await page.getByRole('button', { name: 'Repair the day' }).click()
  await page.getByText('Both sides have').waitFor()
  expect(peer.controlled.find(({ what }) => what === 'POST cdrs/verifications')?.body).toEqual({ day, repair: true })
})

browserTest('webhooks: each delivery with its attempts is sent again, and a test is sent', async () => {
  const { page, peer } = await open('webhooks', {
    prepare(to) {
      sampleSite(to)
      const delivery = {
        id: 'd3',
        event: 'e',
        type: 'webhook.test',
        time: new Date().toISOString(),
        state: 'pending',
        tries: [],
      }
      to.scripted.set('POST webhooks/w1/test', [{ status: 202, body: delivery }])
      to.scripted.set('POST webhooks/w1/deliveries/d2/resend', [{ status: 202, body: delivery }])
      const found = { count: 3, isMore: false }
      to.scripted.set('POST webhooks/w1/replay', [
        { status: 200, body: { ...found, started: false } },
        { status: 202, body: { ...found, started: true } },
      ])
    },
  })
  await page.getByRole('link', { name: 'https://crm.example.com/hook' }).click()
  const failed = page.locator('[data-delivery="d2"]')
  await failed.locator('summary').click()
  expect(await failed.innerText()).toMatch(/Failed[\s\S]*500 · 85 ms[\s\S]*The receiver answered 410/)
  await failed.getByRole('button', { name: 'Send again' }).click()
  await page.getByRole('button', { name: 'Send a test' }).click()
  await page.getByText('A test event is on its way.').waitFor()
  expect(peer.controlled.some(({ what }) => what === 'POST webhooks/w1/deliveries/d2/resend')).toBe(true)
  // A replay is counted first, and confirmed with that count.
  await page.getByLabel('Of the last').selectOption({ label: '7 days' })
  await page.getByRole('button', { name: 'Count' }).click()
  await page.getByText('3 deliveries match.').waitFor()
  await page.getByRole('button', { name: 'Send them again' }).click()
  await page.getByText('3 deliveries are being sent again').waitFor()
  const bodies = peer.controlled.filter(({ what }) => what === 'POST webhooks/w1/replay').map(({ body }) => body)
  const counted = { from: expect.any(String), to: expect.any(String), states: ['failed', 'held'] }
  expect(bodies).toEqual([counted, { ...(bodies[0] as object), count: 3 }])
})

browserTest('webhooks: one for Slack is made, in order, and another is to ask its receiver first', async () => {
  const { page, peer } = await open('webhooks')
  const [listed] = peer.scripted.get('GET webhooks') ?? []
  const { webhooks } = (listed?.body ?? {}) as { webhooks: object[] }
  peer.scripted.set('POST webhooks', [{ status: 201, body: { ...webhooks[0], id: 'w9', secret: 'whsec_new' } }])
  peer.scripted.set('PATCH webhooks/w1', [{ status: 200, body: { ...webhooks[0], verify: true } }])
  await page.getByRole('button', { name: 'New webhook' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Address').fill('https://hooks.slack.com/services/T0/B0/x')
  await dialog.getByLabel('Form').selectOption({ label: 'Message to Slack' })
  await dialog.getByLabel('Events of a call one after the other').check()
  await dialog.getByRole('button', { name: 'New webhook' }).click()
  await page.getByText('whsec_new').waitFor()
  expect(peer.controlled.find(({ what }) => what === 'POST webhooks')?.body).toEqual({
    url: 'https://hooks.slack.com/services/T0/B0/x',
    types: ['call.ended'],
    format: 'slack',
    ordering: 'call',
  })
  await page.getByRole('link', { name: 'https://crm.example.com/hook' }).click()
  await page.getByRole('switch', { name: 'Ask the receiver first' }).click()
  await until('the change', async () => peer.controlled.some(({ what }) => what === 'PATCH webhooks/w1'))
  expect(peer.controlled.find(({ what }) => what === 'PATCH webhooks/w1')?.body).toEqual({ verify: true })
})

browserTest(
  'settings: what was typed stays if the API refuses it; a new key is shown once; a key is revoked by a second press',
  async () => {
    const { page, peer } = await open('settings/site', { mayComplain: /status of 400/ })
    await page.getByLabel('Time zone').fill('Europe/Nowhere')
    const fault = {
      errorId: 'input-invalid',
      status: 400,
      title: 'x',
      type: 'about:blank',
      detail: 'zone: Not an IANA time zone.',
    }
    peer.scripted.set('PATCH ', [{ status: 400, body: fault }])
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('zone: Not an IANA time zone.').waitFor()
    expect(await page.getByLabel('Time zone').inputValue()).toBe('Europe/Nowhere')
    await page.getByRole('link', { name: 'Keys' }).click()
    const [listed] = peer.scripted.get('GET keys') ?? []
    const { keys } = (listed?.body ?? {}) as { keys: { key: string }[] }
    peer.scripted.set('POST keys', [
      { status: 201, body: { ...keys[0], name: 'Stock system', secret: 'sh_new_secret' } },
    ])
    peer.scripted.set('DELETE keys/7Kd2aaaa', [{ status: 200, body: { ...keys[0] } }])
    await page.getByRole('button', { name: 'New key' }).click()
    await page.getByRole('dialog').getByRole('textbox', { name: 'Name' }).fill('Stock system')
    await page.getByRole('dialog').getByRole('button', { name: 'New key' }).click()
    await page.getByText('sh_new_secret').waitFor()
    expect(peer.controlled.find(({ what }) => what === 'POST keys')?.body).toEqual({
      name: 'Stock system',
      role: 'viewer',
    })
    await page.getByRole('button', { name: 'Revoke Reception desk' }).click()
    expect(peer.controlled.some(({ what }) => what.startsWith('DELETE'))).toBe(false)
    await page.getByRole('button', { name: 'Revoke: press again Reception desk' }).click()
    await until('the revocation', async () => peer.controlled.some(({ what }) => what === 'DELETE keys/7Kd2aaaa'))
  },
)

browserTest('the page speaks French to a French browser, and switches language and theme for good', async () => {
  const { page } = await open('board', { locale: 'fr-FR', colorScheme: 'light' })
  await page.getByRole('heading', { level: 1, name: 'Tableau' }).waitFor()
  expect(await page.locator('html').getAttribute('lang')).toBe('fr')
  expect(await page.locator('[data-endpoint="PJSIP/58113"]').innerText()).toMatch(/Karim Benali[\s\S]*Ne pas déranger/)
  await page.keyboard.press('?')
  await page.getByRole('button', { name: 'English' }).click()
  await page.getByRole('heading', { name: 'Keyboard' }).waitFor()
  await page.keyboard.press('Escape')
  await page.keyboard.press('t')
  await page.reload()
  await page.getByRole('heading', { level: 1, name: 'Board' }).waitFor()
  expect(await page.locator('html').getAttribute('data-theme')).toBe('dark')
})

browserTest('search or run finds an extension and opens it, and the wall shows big figures', async () => {
  const { page, connected } = await open('board')
  await connected()
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox', { name: 'Search or run' }).waitFor()
  await page.keyboard.type('élod')
  await page.getByRole('option', { name: /102 · Élodie Garnier/ }).waitFor()
  await page.keyboard.press('Enter')
  await page.getByRole('region', { name: /Élodie Garnier/ }).waitFor()
  await page.keyboard.press('g')
  await page.keyboard.press('w')
  await page.getByText('Answered today').waitFor()
  expect(await page.locator('.figures').innerText()).toMatch(
    /Waiting\s+1[\s\S]*On call\s+8[\s\S]*Free\s+10[\s\S]*Answered today\s+83%/,
  )
  expect(await page.locator('.wall-tiles').innerText()).not.toMatch(/Renard|0612/)
})
