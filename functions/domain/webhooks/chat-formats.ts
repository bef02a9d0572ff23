import type { SiteId } from '../../../contracts/names.ts'
import type { WebhookFormat } from '../../../contracts/webhook.ts'
import type { ChatMessage } from './chat-message.ts'

/** Returns the body of a request to a chat. Only the titles are ours: every other text may be a stranger's. */
export function chatBody(format: Exclude<WebhookFormat, 'standard'>, site: SiteId, message: ChatMessage): string {
  return JSON.stringify(format === 'slack' ? slackBody(site, message) : teamsBody(site, message))
}

/**
 * An incoming webhook of Slack (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks). `text` is what a
 * notification shows.
 */
function slackBody(site: SiteId, { title, facts, time }: ChatMessage) {
  const lines = facts.map(({ name, value }) => `*${name}:* ${slackText(value)}`)
  const [first] = facts
  // Slack shows the time in the zone of each reader; the text after the bar is for those that cannot.
  const moment = `<!date^${Math.floor(Date.parse(time) / 1000)}^{date_short_pretty} {time}|${time}>`
  return {
    text: first ? `${slackText(title)}: ${slackText(first.value)}` : slackText(title),
    blocks: [
      section([`*${slackText(title)}*`, ...lines].join('\n')),
      { type: 'context', elements: [mrkdwn(`${slackText(site)} · ${moment}`)] },
    ],
  }
}

/** `verbatim`: Slack makes no links of names of channels, people and hosts in the text. */
const mrkdwn = (text: string) => ({ type: 'mrkdwn', text, verbatim: true })
const section = (text: string) => ({ type: 'section', text: mrkdwn(text) })

/**
 * Escapes what Slack reads as a command or a link, such as `<!channel>`, which would notify everybody
 * (https://docs.slack.dev/messaging/formatting-message-text), and separates characters that format.
 */
function slackText(text: string): string {
  const plain = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  return plain.replaceAll(/[*_~`:]/g, (character) => `\u200b${character}\u200b`)
}

/**
 * A card for the flow "When a Teams webhook request is received"
 * (https://adaptivecards.io/explorer/AdaptiveCard.html). Text runs are shown as they are, while text blocks read Markdown.
 */
function teamsBody(site: SiteId, { title, facts, time }: ChatMessage) {
  const run = (text: string, isBold = false) => ({ type: 'TextRun', text, ...(isBold && { weight: 'Bolder' }) })
  const lines = facts.map(({ name, value }) => ({
    type: 'RichTextBlock',
    inlines: [run(`${name}: `, true), run(value)],
    spacing: 'Small',
  }))
  // Teams takes no fraction of a second here.
  const moment = `${new Date(Date.parse(time)).toISOString().slice(0, 19)}Z`
  const content = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    body: [
      { type: 'RichTextBlock', inlines: [{ ...run(title, true), size: 'Medium' }] },
      ...lines,
      { type: 'TextBlock', text: `{{DATE(${moment},SHORT)}} {{TIME(${moment})}}`, isSubtle: true, wrap: true },
      { type: 'RichTextBlock', inlines: [{ ...run(site), isSubtle: true }], spacing: 'None' },
    ],
  }
  const attachment = { contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content }
  return { type: 'message', attachments: [attachment] }
}
