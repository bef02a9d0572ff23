import type { TargetedInputEvent } from 'preact'
import { useRef, useState } from 'preact/hooks'
import { Icon } from '../components/icon.tsx'
import { Modal } from '../components/modal.tsx'
import { type Connection, faultOf } from '../connection.ts'
import { t } from '../language.ts'
import { LanguageChoice } from './help-dialog.tsx'

const fields = ['apiUrl', 'site', 'key'] as const
type Field = (typeof fields)[number]
type Typed = Record<Field, string>

/** The page without a key. After it, the address that was wanted is shown. */
export function SignIn({ onConnect }: { onConnect: (connection: Connection) => void }) {
  return (
    <main class="sign-in">
      <div class="sign-in-head">
        <span class="logo">
          <Icon name="on-call" />
        </span>
        <LanguageChoice />
      </div>
      <h1>{t('signIn.title')}</h1>
      <p class="lead">{t('signIn.lead')}</p>
      <SignInForm start={{ apiUrl: '', site: '', key: '' }} onConnect={onConnect} />
      <p class="hint">{t('signIn.boardHint')}</p>
    </main>
  )
}

interface SignInDialogProps {
  connection: Connection
  onConnect: (connection: Connection) => void
  onClose: () => void
}

/** Asks for another key over the page that was open: what was typed there stays. */
export function SignInDialog({ connection, onConnect, onClose }: SignInDialogProps) {
  return (
    <Modal title={t('signIn.again')} onClose={onClose}>
      <p class="lead">{t('signIn.againLead')}</p>
      <SignInForm
        start={{ apiUrl: connection.apiUrl, site: connection.site, key: '' }}
        onConnect={(typed) => {
          onClose()
          onConnect({ ...typed, isReplay: connection.isReplay })
        }}
      />
    </Modal>
  )
}

function SignInForm({ start, onConnect }: { start: Typed; onConnect: (connection: Connection) => void }) {
  const [typed, setTyped] = useState(start)
  const [fault, setFault] = useState<'missing' | 'badUrl'>()
  const form = useRef<HTMLFormElement>(null)
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    const found = faultOf(typed)
    setFault(found)
    if (!found) onConnect({ ...typed, isReplay: false })
    else form.current?.querySelector<HTMLElement>(`[name="${wrongField(typed)}"]`)?.focus()
  }
  const attributes = (name: Field) => ({
    name,
    id: name,
    class: 'input',
    autocomplete: 'off' as const,
    spellcheck: false,
    value: typed[name],
    'aria-invalid': fault !== undefined && wrongField(typed) === name,
    ...(fault && { 'aria-describedby': 'fault' }),
    onInput: (event: TargetedInputEvent<HTMLInputElement>) =>
      setTyped({ ...typed, [name]: event.currentTarget.value.trim() }),
  })
  return (
    <form ref={form} class="stack" onSubmit={submit} noValidate>
      {fields.map((field) => (
        <label key={field} for={field} class="labelled">
          {t(`signIn.${field}`)}
          {field === 'key' ? <input type="password" {...attributes(field)} /> : <input {...attributes(field)} />}
        </label>
      ))}
      <p id="fault" class="fault" role="alert">
        {fault && t(`signIn.${fault}`)}
      </p>
      <button type="submit" class="button primary">
        {t('signIn.connect')}
      </button>
    </form>
  )
}

function wrongField(typed: Typed): Field {
  return fields.find((field) => typed[field] === '') ?? 'apiUrl'
}
