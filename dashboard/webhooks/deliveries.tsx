import { createApi } from '../../client/http-client.ts'
import { webhookRoutes } from '../../contracts/routes/webhooks.ts'
import type { Delivery, DeliveryPage } from '../../contracts/webhook.ts'
import { Icon, type IconName } from '../components/icon.tsx'
import { Content, Failure } from '../components/states.tsx'
import { number, t } from '../language.ts'
import { type Loaded, useAction } from '../loading.ts'
import { dateTimeOf } from '../moments.ts'
import { useSession } from '../session.ts'

const look: Readonly<Record<Delivery['state'], { tone: string; icon: IconName }>> = {
  delivered: { tone: 'good', icon: 'available' },
  pending: { tone: 'warning', icon: 'away' },
  failed: { tone: 'bad', icon: 'failed' },
  held: { tone: 'unknown', icon: 'on-hold' },
}

/** What was sent to a receiver, newest first, with every attempt. */
export function Deliveries({ webhook, log }: { webhook: string; log: Loaded<DeliveryPage> }) {
  return (
    <div class="section">
      <h3 class="row">
        {t('deliveries.title')}
        <button type="button" class="button ghost small end" onClick={log.reload}>
          <Icon name="refresh" small />
          {t('action.refresh')}
        </button>
      </h3>
      <Content of={log}>
        {({ deliveries }) =>
          deliveries.length === 0 ? (
            <p class="note">{t('deliveries.none')}</p>
          ) : (
            <ul class="deliveries">
              {deliveries.map((delivery) => (
                <Row key={delivery.id} delivery={delivery} webhook={webhook} onSent={log.reload} />
              ))}
            </ul>
          )
        }
      </Content>
    </div>
  )
}

interface RowProps {
  delivery: Delivery
  webhook: string
  onSent: () => void
}

function Row({ delivery, webhook, onSent }: RowProps) {
  const { connection } = useSession()
  const action = useAction()
  const { id, type, state, tries, time, nextTryAt, failed, answer } = delivery
  const resend = () =>
    action.run(async () => {
      const path = { webhook, delivery: id }
      await createApi(connection, webhookRoutes)(
        'POST /v1/sites/{site}/webhooks/{webhook}/deliveries/{delivery}/resend',
        { path },
      )
      onSent()
    })
  return (
    <li data-delivery={id}>
      <details>
        <summary>
          <span class="tinted" data-tone={look[state].tone}>
            <Icon name={look[state].icon} small />
            {t(`deliveries.${state}`)}
          </span>
          <code>{type}</code>
          <span class="time end">{dateTimeOf(time)}</span>
        </summary>
        {tries.length === 0 && <p class="note">{t('deliveries.notTried')}</p>}
        <ol>
          {tries.map(({ at, ms, status, error }) => (
            <li key={at} class="note">
              {dateTimeOf(at)} · {status ?? error ?? '–'} · {t('events.ms', { ms: number(ms) })}
            </li>
          ))}
        </ol>
        {nextTryAt && <p class="note">{t('deliveries.next', { at: dateTimeOf(nextTryAt) })}</p>}
        {failed && <p class="note">{failed}</p>}
        {answer && <pre>{answer}</pre>}
        {state !== 'pending' && (
          <button type="button" class="button small" aria-disabled={action.isBusy} onClick={resend}>
            {t('deliveries.resend')}
            <span class="visually-hidden"> {type}</span>
          </button>
        )}
        <Failure text={action.failure} />
      </details>
    </li>
  )
}
