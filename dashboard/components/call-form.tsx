import { useState } from 'preact/hooks'
import type { EndpointState } from '../../client/index.ts'
import type { Controls } from '../controls.ts'
import { dialledAs, keepOwnPhone, ownPhone } from '../extension.ts'
import { strings } from '../strings.ts'

const words = strings.control

interface CallFormProps {
  state: EndpointState
  extension: string
  phones: readonly EndpointState[]
  controls: Controls
}

/** Calls the phone that was clicked, or lets it call if it is the user's own phone. */
export function CallForm({ state, extension, phones, controls }: CallFormProps) {
  const known = phones.some(({ endpoint }) => endpoint === ownPhone())
  const [from, setFrom] = useState((known ? ownPhone() : undefined) ?? state.endpoint)
  const [typed, setTyped] = useState<string>()
  const to = typed ?? (from === state.endpoint ? '' : extension)
  const submit = (event: Event) => {
    event.preventDefault()
    keepOwnPhone(from)
    void controls.call(from, to)
  }
  return (
    <form class="search-form" onSubmit={submit}>
      <label>
        {words.from}
        <select value={from} onChange={(event) => setFrom(event.currentTarget.value)}>
          {phones.map((phone) => (
            <option key={phone.endpoint} value={phone.endpoint}>
              {[dialledAs(phone), phone.name].filter(Boolean).join(' ')}
            </option>
          ))}
        </select>
      </label>
      <label>
        {words.to}
        <input type="tel" required value={to} onInput={(event) => setTyped(event.currentTarget.value)} />
      </label>
      <button type="submit" class="primary" disabled={controls.isBusy}>
        {words.call}
      </button>
    </form>
  )
}
