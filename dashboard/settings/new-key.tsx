import { useState } from 'preact/hooks'
import { createApi } from '../../client/http-client.ts'
import type { KeyInfo, KeyMade } from '../../contracts/key.ts'
import { keyRoutes } from '../../contracts/routes/keys.ts'
import { allScopes, roles, type Scope, scopes } from '../../contracts/scopes.ts'
import { Select, TextField } from '../components/fields.tsx'
import { Modal } from '../components/modal.tsx'
import { Failure } from '../components/states.tsx'
import { t } from '../language.ts'
import { useAction } from '../loading.ts'
import { useSession } from '../session.ts'
import { toggled } from '../toggled.ts'

interface NewKeyProps {
  kind: KeyInfo['kind']
  onClose: () => void
  onMade: (key: KeyMade) => void
}

const choices = ['viewer', 'operator', 'admin', 'own'] as const

/** Makes a key that may do no more than this one, or a token of a wall board. */
export function NewKey({ kind, onClose, onMade }: NewKeyProps) {
  const { connection, may } = useSession()
  const action = useAction()
  const [name, setName] = useState('')
  const [days, setDays] = useState('')
  const [choice, setChoice] = useState<(typeof choices)[number]>('viewer')
  const [own, setOwn] = useState<ReadonlySet<Scope>>(new Set())
  const api = createApi(connection, keyRoutes)
  const mayGive = (name: (typeof choices)[number]) => name === 'own' || roles[name].every(may)
  const submit = () =>
    action.run(async () => {
      const common = { name: name.trim(), ...(days !== '' && { expiresInDays: Number(days) }) }
      const rights = choice === 'own' ? { scopes: [...own] } : { role: choice }
      const { body } =
        kind === 'board'
          ? await api('POST /v1/sites/{site}/boards', { body: common })
          : await api('POST /v1/sites/{site}/keys', { body: { ...common, ...rights } })
      onMade(body)
    })
  return (
    <Modal title={t(`keys.make.${kind}`)} onClose={onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault()
          void submit()
        }}
      >
        <TextField
          label={t('settings.name')}
          value={name}
          onInput={setName}
          required
          hint={t(`keys.nameHint.${kind}`)}
        />
        {kind === 'key' && (
          <Select
            label={t('keys.may')}
            value={choice}
            options={choices.filter(mayGive).map((one) => [one, t(`keys.role.${one}`)] as const)}
            onChoose={setChoice}
          />
        )}
        {kind === 'key' && choice === 'own' && (
          <fieldset class="checks">
            <legend>{t('keys.scopes')}</legend>
            {allScopes.filter(may).map((scope) => (
              <label key={scope}>
                <input type="checkbox" checked={own.has(scope)} onChange={() => setOwn(toggled(own, scope))} />{' '}
                <code>{scope}</code>{' '}
                <span class="hint" lang="en">
                  {scopes[scope]}
                </span>
              </label>
            ))}
          </fieldset>
        )}
        <TextField label={t('keys.days')} type="number" value={days} onInput={setDays} hint={t('keys.daysHint')} />
        <Failure text={action.failure} />
        <button type="submit" class="button primary" aria-disabled={action.isBusy}>
          {t(`keys.make.${kind}`)}
        </button>
      </form>
    </Modal>
  )
}
