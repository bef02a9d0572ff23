import { useState } from 'preact/hooks'
import { createApi } from '../../client/http-client.ts'
import { webhookRoutes } from '../../contracts/routes/webhooks.ts'
import type { WebhookFormat, WebhookMade } from '../../contracts/webhook.ts'
import { webhookEventTypes } from '../../contracts/webhook-events.ts'
import { Select, TextField } from '../components/fields.tsx'
import { Modal } from '../components/modal.tsx'
import { Failure } from '../components/states.tsx'
import { t } from '../language.ts'
import { useAction } from '../loading.ts'
import { useSession } from '../session.ts'
import { toggled } from '../toggled.ts'

const formats = ['standard', 'slack', 'teams'] as const

/** Makes a webhook. Its secret is shown once. */
export function NewWebhook({ onClose, onMade }: { onClose: () => void; onMade: (made: WebhookMade) => void }) {
  const { connection } = useSession()
  const action = useAction()
  const [url, setUrl] = useState('')
  const [description, setDescription] = useState('')
  const [format, setFormat] = useState<WebhookFormat>('standard')
  const [isOrdered, setOrdered] = useState(false)
  const [isVerified, setVerified] = useState(false)
  const [types, setTypes] = useState<ReadonlySet<string>>(new Set(['call.ended']))
  // A request whose answer was lost is sent again with the same key, so that it makes no second webhook.
  const [idempotencyKey] = useState(() => crypto.getRandomValues(new Uint32Array(4)).join('-'))
  const submit = () =>
    action.run(async () => {
      const { body } = await createApi(connection, webhookRoutes)('POST /v1/sites/{site}/webhooks', {
        body: {
          url: url.trim(),
          types: [...types],
          format,
          ...(isOrdered && { ordering: 'call' as const }),
          ...(isVerified && { verify: true }),
          ...(description.trim() && { description: description.trim() }),
        },
        headers: { 'idempotency-key': idempotencyKey },
      })
      onMade(body)
    })
  return (
    <Modal title={t('webhooks.make')} onClose={onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault()
          void submit()
        }}
      >
        <TextField
          label={t('webhooks.url')}
          type="url"
          required
          value={url}
          onInput={setUrl}
          placeholder="https://example.com/hook"
          hint={t('webhooks.urlHint')}
        />
        <TextField label={t('webhooks.description')} value={description} onInput={setDescription} />
        <Select
          label={t('webhooks.format')}
          value={format}
          options={formats.map((one) => [one, t(`webhooks.format.${one}`)] as const)}
          onChoose={setFormat}
        />
        <fieldset class="checks">
          <legend>{t('webhooks.types')}</legend>
          {webhookEventTypes.map((type) => (
            <label key={type}>
              <input type="checkbox" checked={types.has(type)} onChange={() => setTypes(toggled(types, type))} />{' '}
              <code>{type}</code>
            </label>
          ))}
        </fieldset>
        <fieldset class="checks">
          <legend>{t('webhooks.options')}</legend>
          <label>
            <input type="checkbox" checked={isOrdered} onChange={() => setOrdered(!isOrdered)} />{' '}
            {t('webhooks.ordering')}
          </label>
          <label>
            <input type="checkbox" checked={isVerified} onChange={() => setVerified(!isVerified)} />{' '}
            {t('webhooks.verify')}
          </label>
        </fieldset>
        <Failure text={action.failure} />
        <button type="submit" class="button primary" aria-disabled={action.isBusy || types.size === 0}>
          {t('webhooks.make')}
        </button>
      </form>
    </Modal>
  )
}
