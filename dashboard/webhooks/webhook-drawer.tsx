import { useMemo } from 'preact/hooks'
import { createApi } from '../../client/http-client.ts'
import { webhookRoutes } from '../../contracts/routes/webhooks.ts'
import type { Webhook, WebhookChange } from '../../contracts/webhook.ts'
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
  const change = (body: WebhookChange) =>
    action.run(async () => {
      await api('PATCH /v1/sites/{site}/webhooks/{webhook}', { path, body })
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
      {switches(webhook).map(({ name, hint, isOn, change: changeTo }) => (
        <div key={name} class="setting">
          <b>{name}</b>
          <p>{hint}</p>
          <Switch
            label={name}
            isOn={isOn}
            isDisabled={action.isBusy}
            onToggle={(turnedOn) => change(changeTo(turnedOn))}
          />
        </div>
      ))}
      {webhook.enabled && <ReplayForm webhook={webhook.id} onStarted={log.reload} />}
      <Deliveries webhook={webhook.id} log={log} />
    </Drawer>
  )
}

interface WebhookSwitch {
  name: string
  hint: string
  isOn: boolean
  change: (isOn: boolean) => WebhookChange
}

function switches({ enabled, ordering, verify, verified }: Webhook): WebhookSwitch[] {
  const verifyHint = verify && !verified ? 'webhooks.verifyWaits' : 'webhooks.verifyHint'
  return [
    {
      name: t('webhooks.enabled'),
      hint: t('webhooks.enabledHint'),
      isOn: enabled,
      change: (isOn) => ({ enabled: isOn }),
    },
    {
      name: t('webhooks.ordering'),
      hint: t('webhooks.orderingHint'),
      isOn: ordering === 'call',
      change: (isOn) => ({ ordering: isOn ? 'call' : 'none' }),
    },
    {
      name: t('webhooks.verify'),
      hint: t(verifyHint),
      isOn: verify === true,
      change: (isOn) => ({ verify: isOn }),
    },
  ]
}
