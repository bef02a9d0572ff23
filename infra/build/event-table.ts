import { personalAreas } from '../../contracts/scopes.ts'
import { eventDefinition, webhookEventTypes } from '../../contracts/webhook-events.ts'

/** Renders the reference of docs/webhooks.md from the catalogue: a table of all events, then the `data` of each as an example. */
export function eventTable(): string {
  const rows = webhookEventTypes.map((type) => {
    const { version, when, needs, personal } = eventDefinition(type)
    return `| \`${type}\` | ${version} | ${when} | \`${needs}\` | ${personal ? `\`${personalAreas[personal]}\`` : ''} |`
  })
  const head = ['| type | version | sent when | needs | shows numbers with |', '| --- | --- | --- | --- | --- |']
  const examples = webhookEventTypes.map((type) => {
    const json = JSON.stringify(eventDefinition(type).example, null, 2)
    return `\`data\` of \`${type}\`:\n\n\`\`\`json\n${json}\n\`\`\``
  })
  return [[...head, ...rows].join('\n'), ...examples].join('\n\n')
}
