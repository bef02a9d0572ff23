import { useMemo, useState } from 'preact/hooks'
import { createApi } from '../../client/http-client.ts'
import { webhookRoutes } from '../../contracts/routes/webhooks.ts'
import type { Webhook } from '../../contracts/webhook.ts'
import { Icon } from '../components/icon.tsx'
import { Panel, TableBox } from '../components/panel.tsx'
import { SecretNote } from '../components/secret-note.tsx'
import { Content, Empty } from '../components/states.tsx'
import { number, t } from '../language.ts'
import { useLoad } from '../loading.ts'
import { dateTimeOf } from '../moments.ts'
import { addressOf, type Route } from '../router.ts'
import { useSession } from '../session.ts'
import { NewWebhook } from './new-webhook.tsx'
import { WebhookDrawer } from './webhook-drawer.tsx'
import { WebhookState } from './webhook-state.tsx'

/** The receivers of events, with what was sent to each. */
export function WebhooksPage({ item, query }: Route) {
  const { connection, board, may } = useSession()
  const api = useMemo(() => createApi(connection, webhookRoutes), [connection])
  const [isMaking, setMaking] = useState(false)
  const [secret, setSecret] = useState<{ url: string; secret: string }>()
  const key = board.isLoaded && may('webhooks:manage') ? 'webhooks' : undefined
  const list = useLoad(key, async () => (await api('GET /v1/sites/{site}/webhooks')).body.webhooks)
  const opened = list.data?.find(({ id }) => id === item)
  return (
    <main class={opened ? 'with-drawer' : undefined}>
      <header class="top">
        <h1>{t('page.webhooks')}</h1>
        <span class="end">
          <button type="button" class="button primary" onClick={() => setMaking(true)}>
            <Icon name="plus" small />
            {t('webhooks.make')}
          </button>
        </span>
      </header>
      <div class="page">
        {secret && (
          <SecretNote
            title={t('webhooks.secretOf', { url: secret.url })}
            secret={secret.secret}
            hint={t('webhooks.secretHint')}
          />
        )}
        <Content of={list}>
          {(webhooks) =>
            webhooks.length === 0 ? (
              <Empty icon="webhooks" title={t('webhooks.none')}>
                <p>{t('webhooks.noneHint')}</p>
              </Empty>
            ) : (
              <Panel title={t('webhooks.receivers')} note={number(webhooks.length)}>
                <Webhooks webhooks={webhooks} opened={item} />
              </Panel>
            )
          }
        </Content>
      </div>
      {opened && (
        <WebhookDrawer
          key={opened.id}
          webhook={opened}
          backTo={addressOf('webhooks', undefined, query)}
          onChange={list.reload}
          onSecret={(made) => setSecret({ url: opened.url, secret: made })}
        />
      )}
      {isMaking && (
        <NewWebhook
          onClose={() => setMaking(false)}
          onMade={({ url, secret: made }) => {
            setMaking(false)
            setSecret({ url, secret: made })
            list.reload()
          }}
        />
      )}
    </main>
  )
}

function Webhooks({ webhooks, opened }: { webhooks: readonly Webhook[]; opened: string | undefined }) {
  return (
    <TableBox label={t('webhooks.receivers')}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t('webhooks.url')}</th>
            <th scope="col">{t('webhooks.types')}</th>
            <th scope="col">{t('changes.state')}</th>
            <th scope="col">{t('webhooks.made')}</th>
          </tr>
        </thead>
        <tbody>
          {webhooks.map((webhook) => (
            <tr key={webhook.id} class={webhook.id === opened ? 'opened' : undefined} data-webhook={webhook.id}>
              <th scope="row">
                <a class="link" href={addressOf('webhooks', webhook.id)} data-row>
                  {webhook.url}
                </a>
                {webhook.description && <span class="hint">{webhook.description}</span>}
              </th>
              <td>{webhook.types.join(', ')}</td>
              <td>
                <WebhookState webhook={webhook} />
              </td>
              <td>{dateTimeOf(webhook.createdAt)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableBox>
  )
}
