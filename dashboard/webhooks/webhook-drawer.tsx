import { useMemo } from 'preact/hooks'
import { createApi } from '../../client/http-client.ts'
import { webhookRoutes } from '../../contracts/routes/webhooks.ts'
import type { Webhook } from '../../contracts/webhook.ts'
import { Drawer } from '../components/drawer.tsx'
import { Switch } from '../components/fields.tsx'
import { Icon } from '../components/icon.tsx'
import { Failure } from '../components/states.tsx'
import { SureButton } from '../components/sure-button.tsx'
import { t } from '../language.ts'
import { useAction, useLoad } from '../loading.ts'
import { navigate } from '../router.ts'
import { useSession } from '../session.ts'
import { useShell } from '../shell.ts'
import { Deliveries } from './deliveries.tsx'
import { ReplayForm } from './replay-form.tsx'
import { WebhookState } from './webhook-state.tsx'

interface WebhookDrawerProps {
  webhook: Webhook
  backTo: string
  onChange: () => void
  onSecret: (secret: string) => void
}

/** One webhook: on or off, test, new secret, delete, and the log of what was sent. */
export function WebhookDrawer({ webhook, backTo, onChange, onSecret }: WebhookDrawerProps) {
  const { connection } = useSession()
  const { say } = useShell()
  const api = useMemo(() => createApi(connection, webhookRoutes), [connection])
  const action = useAction()
  const path = { webhook: webhook.id }
  const log = useLoad(webhook.id, async (signal) => {
    return (await api('GET /v1/sites/{site}/webhooks/{webhook}/deliveries', { path, signal })).body
  })
  const enable = (enabled: boolean) =>
    action.run(async () => {
      await api('PATCH /v1/sites/{site}/webhooks/{webhook}', { path, body: { enabled } })
      onChange()
    })
  const test = () =>
    action.run(async () => {
      await api('POST /v1/sites/{site}/webhooks/{webhook}/test', { path })
      say({ text: t('webhooks.testSent'), undo: undefined })
      log.reload()
    })
  const rotate = () =>
    action.run(async () => {
      onSecret((await api('POST /v1/sites/{site}/webhooks/{webhook}/secret/rotate', { path })).body.secret)
      onChange()
    })
  const remove = () =>
    action.run(async () => {
      await api('DELETE /v1/sites/{site}/webhooks/{webhook}', { path })
      onChange()
      navigate(backTo)
    })
  return (
    <Drawer title={<bdi>{webhook.url}</bdi>} backTo={backTo}>
      <div class="section">
        <p class="row">
          <WebhookState webhook={webhook} />
        </p>
        <dl class="fields">
          <div>
            <dt>{t('webhooks.types')}</dt>
            <dd>{webhook.types.join(', ')}</dd>
          </div>
          <div>
            <dt>{t('webhooks.perSecond')}</dt>
            <dd>{webhook.perSecond}</dd>
          </div>
          <div>
            <dt>{t('webhooks.key')}</dt>
            <dd>{webhook.key}</dd>
          </div>
        </dl>
        <Failure text={action.failure} />
        <p class="row">
          <button type="button" class="button" aria-disabled={action.isBusy} onClick={test}>
            <Icon name="play" small />
            {t('webhooks.test')}
          </button>
          <SureButton label={t('webhooks.rotate')} name={webhook.url} onSure={rotate} />
          <SureButton label={t('action.delete')} name={webhook.url} onSure={remove} />
        </p>
      </div>
      <div class="setting">
        <b>{t('webhooks.enabled')}</b>
        <p>{t('webhooks.enabledHint')}</p>
        <Switch label={t('webhooks.enabled')} isOn={webhook.enabled} isDisabled={action.isBusy} onToggle={enable} />
      </div>
      {webhook.enabled && <ReplayForm webhook={webhook.id} onStarted={log.reload} />}
      <Deliveries webhook={webhook.id} log={log} />
    </Drawer>
  )
}
