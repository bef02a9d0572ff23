import { describe, expect, test } from 'vitest'
import type { WebhookChange } from '../../contracts/webhook.ts'
import type { SiteKey } from '../../functions/caller.ts'
import { newTarget } from '../../functions/domain/webhooks/admission.ts'
import { changeWebhook } from '../../functions/http/webhooks/change-webhook.ts'
import type { WebhookRow } from '../../functions/stores/webhooks.ts'

/** Goal: what one key stored in a webhook reaches no address that another key chooses. Method: changes over a store in memory. */
const row: WebhookRow = {
  id: 'wh_1',
  key: 'maker',
  url: 'https://crm.example.com/hook',
  types: ['bridge.offline'],
  headers: { authorization: 'Bearer secret' },
  format: 'standard',
  perSecond: 10,
  contentType: 'application/json',
  secret: 'whsec_x',
  enabled: true,
  createdAt: 0,
  tag: 'first',
  request: 'hash',
}
const caller: SiteKey = { kind: 'key', site: 'office', keyId: 'other', scopes: new Set(['webhooks:manage']) }

/** Returns the row as it is stored after the change, or the field that the refusal names. */
async function changed(change: WebhookChange, stored = row): Promise<WebhookRow | string> {
  let next: WebhookRow | string = 'nothing stored'
  const webhooks = {
    find: async () => stored,
    replace: async (_: string, stored: WebhookRow) => {
      next = stored
      return true
    },
    delete: async () => true,
  }
  const targets = { find: async () => newTarget, remove: async () => undefined }
  const rules = { ownHosts: [], allowsLocal: false }
  try {
    await changeWebhook('office', 'wh_1', change, {}, { caller, webhooks, targets, rules, now: 1 })
    return next
  } catch (error) {
    return (error as { errors?: { field: string }[] }).errors?.[0]?.field ?? String(error)
  }
}

describe('the stored headers of a webhook', () => {
  test.each([
    'https://evil.example.net/hook',
    'https://crm.example.com.evil.net/hook',
    'https://crm.example.com:8443/hook',
    'https://sub.crm.example.com/hook',
  ])('go to no other address: %s', async (url) => {
    expect(await changed({ url })).toBe('headers')
    expect(await changed({ url, headers: {} })).toMatchObject({ url, headers: {} })
    const own = { authorization: 'Bearer own' }
    expect(await changed({ url, headers: own })).toMatchObject({ url, headers: own })
  })

  test.each([
    [{ url: 'https://crm.example.com/other?path=1' }],
    [{ url: 'https://CRM.example.com:443/hook' }],
    [{ perSecond: 3 }],
    [{ enabled: false }],
  ])('stay at the same address: %j', async (change) => {
    expect(await changed(change)).toMatchObject({ headers: row.headers, key: 'other' })
  })

  test('stop no change of address where there are none', async () => {
    const url = 'https://evil.example.net/hook'
    const { headers: _, ...bare } = row
    expect(await changed({ url }, bare)).toMatchObject({ url })
    expect(await changed({ url }, { ...row, headers: {} })).toMatchObject({ url })
  })
})
