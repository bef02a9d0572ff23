import fc from 'fast-check'
import { expect, test } from 'vitest'
import { eventDefinition, type WebhookEventType, webhookEventTypes } from '../../contracts/webhook-events.ts'
import { matches } from '../../functions/domain/webhooks/match.ts'
import { renderBody } from '../../functions/domain/webhooks/render.ts'
import { showWebhook } from '../../functions/http/webhooks/show-webhook.ts'
import type { WebhookRow } from '../../functions/stores/webhooks.ts'
import { propertyRuns } from '../support/property.ts'

const time = '2026-11-23T19:04:38.250Z'
const all = {
  scopes: ['webhooks:manage', 'calls:read', 'cdrs:read', 'cdrs:personal', 'presence:read', 'presence:personal'],
}
const few = { scopes: ['webhooks:manage', 'calls:read', 'cdrs:read', 'presence:read'] }
const event = (type: WebhookEventType, more: Record<string, unknown> = {}) => ({
  id: 'evt_1',
  type,
  time,
  data: { ...eventDefinition(type).example, ...more },
})
const missed = (name: string, number = '0612345678') =>
  event('call.missed', { caller: { number, name }, ringSeconds: 75 })
const slack = (of: ReturnType<typeof event>, reader = all) =>
  JSON.parse(renderBody('office', of, reader, 'slack')) as {
    text: string
    blocks: [
      { type: string; text: { type: string; text: string; verbatim: boolean } },
      { elements: { text: string }[] },
    ]
  }
interface Block {
  type: string
  text?: string
  inlines?: { type: string; text: string }[]
}
const teams = (of: ReturnType<typeof event>, reader = all) =>
  JSON.parse(renderBody('office', of, reader, 'teams')) as {
    type: string
    attachments: [{ contentType: string; content: { type: string; version: string; body: Block[] } }]
  }

test('a missed call is a message of Slack and a card of Teams', () => {
  const { text, blocks } = slack(missed('Anna Muster'))
  expect(text).toBe('Missed call: Anna Muster 0612345678')
  expect(blocks[0]).toMatchObject({ type: 'section', text: { type: 'mrkdwn', verbatim: true } })
  expect(blocks[0].text.text.split('\n')).toEqual([
    '*Missed call*',
    '*From:* Anna Muster 0612345678',
    '*To:* 60',
    '*Extension:* 60',
    '*Result:* no-answer',
    '*Rang:* 1 min 15 s',
  ])
  expect(blocks[1].elements[0]?.text).toBe(`office · <!date^1795460678^{date_short_pretty} {time}|${time}>`)
  const [{ contentType, content }] = teams(missed('Anna Muster')).attachments
  expect([contentType, content.type, content.version]).toEqual([
    'application/vnd.microsoft.card.adaptive',
    'AdaptiveCard',
    '1.4',
  ])
  const lines = content.body.map(({ text: own, inlines = [] }) => own ?? inlines.map((run) => run.text).join(''))
  expect(lines.slice(0, 2)).toEqual(['Missed call', 'From: Anna Muster 0612345678'])
  expect(lines).toContain('{{DATE(2026-11-23T19:04:38Z,SHORT)}} {{TIME(2026-11-23T19:04:38Z)}}')
})

test.each([
  '<!channel>',
  '<!here|x>',
  '<@U012AB3CD>',
  '<https://evil.example|bank>',
  '&lt;!channel&gt;',
  'a\n*Result:* paid',
])('a caller named %j commands nothing in Slack and writes no line of its own', (name) => {
  const { text, blocks } = slack(missed(name))
  for (const shown of [text, blocks[0].text.text]) expect(shown).not.toMatch(/[<>]|&(?!amp;|lt;|gt;)/)
  expect(blocks[0].text.text.split('\n')).toHaveLength(6)
  expect(blocks[0].text.text).not.toContain('*Result:* paid')
})

test('no text of a caller formats in Slack, or is read as Markdown by Teams, whatever it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (name) => {
      const line = slack(missed(name)).blocks[0].text.text.split('\n')[1] ?? ''
      expect(line.slice('*From:*'.length)).not.toMatch(/(?<!\u200b)[*_~`:]|[*_~`:](?!\u200b)|[<>]/)
      const { body } = teams(missed(name)).attachments[0].content
      // Only a text block reads Markdown: it has the time alone.
      expect(body.filter(({ type }) => type === 'TextBlock').map(({ text }) => text)).toEqual([
        '{{DATE(2026-11-23T19:04:38Z,SHORT)}} {{TIME(2026-11-23T19:04:38Z)}}',
      ])
    }),
    { numRuns: propertyRuns(200) },
  )
})

test.each(webhookEventTypes)(
  '%s has a message within the limits of Slack and Teams, without numbers for a key that sees none',
  (type) => {
    const long = { name: '*'.repeat(5_000), reason: '&'.repeat(5_000), message: '<'.repeat(5_000) }
    for (const of of [event(type), event(type, long)]) {
      const { text, blocks } = slack(of)
      expect(text).not.toBe('')
      expect(blocks[0].text.text.length).toBeLessThanOrEqual(3_000)
      expect(Buffer.byteLength(renderBody('office', of, all, 'teams'))).toBeLessThan(28_000)
    }
    for (const format of ['slack', 'teams'] as const)
      expect(renderBody('office', event(type), few, format)).not.toMatch(/0612345678|33612345678|Marie/)
  },
)

test('a chat gets the end of a call once, when it is final', () => {
  const about = { types: ['call.*'], createdAt: Date.parse(time) }
  const [live, final] = [false, true].map((isFinal) => event('call.ended', { final: isFinal }))
  const gets = (format: 'standard' | 'slack') =>
    [live, final].map((one) => one && matches(one, { ...about, format }, all, Date.parse(time)))
  expect([gets('standard'), gets('slack')]).toEqual([
    [true, true],
    [false, true],
  ])
})

test('the URL of a chat is never shown again', () => {
  const row: WebhookRow = {
    id: 'wh_1',
    key: 'k',
    url: 'https://hooks.slack.com/services/T0/B0/secret?sig=secret',
    types: ['*'],
    format: 'slack',
    perSecond: 1,
    contentType: 'application/json',
    secret: 'whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX',
    enabled: true,
    createdAt: 0,
    tag: 't',
    request: '',
  }
  expect(showWebhook(row, {}, 0).url).toBe('https://hooks.slack.com/…')
  expect(JSON.stringify(showWebhook(row, {}, 0))).not.toContain('secret')
})
