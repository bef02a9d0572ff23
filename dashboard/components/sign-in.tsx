import type { TargetedInputEvent } from 'preact'
import { useRef, useState } from 'preact/hooks'
import { type Connection, faultOf } from '../connection.ts'
import { strings } from '../strings.ts'
import { Icon } from './icon.tsx'

const words = strings.signIn
const fields = ['apiUrl', 'site', 'key'] as const
type Field = (typeof fields)[number]

export function SignIn({ onConnect }: { onConnect: (connection: Connection) => void }) {
  const [typed, setTyped] = useState({ apiUrl: '', site: '', key: '' })
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
    autocomplete: 'off' as const,
    spellcheck: false,
    value: typed[name],
    'aria-invalid': fault !== undefined && wrongField(typed) === name,
    ...(fault && { 'aria-describedby': 'fault' }),
    onInput: (event: TargetedInputEvent<HTMLInputElement>) =>
      setTyped({ ...typed, [name]: event.currentTarget.value.trim() }),
  })
  return (
    <main class="sign-in">
      <p class="brand">
        <Icon name="on-call" />
        <span>{strings.product}</span>
      </p>
      <h1>{words.title}</h1>
      <p class="lead">{words.lead}</p>
      <form ref={form} onSubmit={submit} noValidate>
        {fields.map((field) => (
          <label key={field} for={field}>
            {words[field]}
            {field === 'key' ? <input type="password" {...attributes(field)} /> : <input {...attributes(field)} />}
          </label>
        ))}
        <p id="fault" class="fault" role="alert">
          {fault && words[fault]}
        </p>
        <button type="submit" class="primary">
          {words.connect}
        </button>
      </form>
    </main>
  )
}

function wrongField(typed: Record<Field, string>): Field {
  return fields.find((field) => typed[field] === '') ?? 'apiUrl'
}
