import type { Webhook } from '../../contracts/webhook.ts'
import { Icon } from '../components/icon.tsx'
import { t } from '../language.ts'
import { dateTimeOf } from '../moments.ts'

/** Whether events are sent to a receiver, and why not. */
export function WebhookState({ webhook: { enabled, disabledBecause = 'asked', failingSince } }: { webhook: Webhook }) {
  const tone = !enabled ? 'bad' : failingSince ? 'warning' : 'good'
  return (
    <span class="tinted" data-tone={tone}>
      <Icon name={tone === 'good' ? 'available' : tone === 'bad' ? 'dnd' : 'warning'} small />
      {!enabled
        ? t(`webhooks.off.${disabledBecause}`)
        : failingSince
          ? t('webhooks.failing', { since: dateTimeOf(failingSince) })
          : t('webhooks.on')}
    </span>
  )
}
