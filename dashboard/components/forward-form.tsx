import { useState } from 'preact/hooks'
import type { EndpointState } from '../../client/index.ts'
import { forwardWhens } from '../../contracts/presence.ts'
import type { ForwardWhen } from '../../contracts/routes/extensions.ts'
import type { Controls } from '../controls.ts'
import { forwardsOf } from '../extension.ts'
import { strings } from '../strings.ts'

const words = strings.control

interface ForwardFormProps {
  state: EndpointState
  extension: string
  controls: Controls
}

/** Forwarding and do-not-disturb of a phone. Shows what the PBX has confirmed. */
export function ForwardForm({ state, extension, controls }: ForwardFormProps) {
  const [when, setWhen] = useState<ForwardWhen>('always')
  const [target, setTarget] = useState('')
  const set = forwardsOf(state)
  const isQuiet = state.dnd !== undefined
  const submit = (event: Event) => {
    event.preventDefault()
    void controls.forward(extension, target, when)
  }
  return (
    <>
      <h3>{words.forwarding}</h3>
      {set.length === 0 && <p>{words.none}</p>}
      <ul class="forwards">
        {set.map((one) => (
          <li key={one.when}>
            {words.forwarded(words.whens[one.when], one.target)}{' '}
            <button
              type="button"
              disabled={controls.isBusy}
              aria-label={`${words.clear}: ${words.whens[one.when]}`}
              onClick={() => controls.clearForward(extension, one.when)}
            >
              {words.clear}
            </button>
          </li>
        ))}
      </ul>
      <form class="search-form" onSubmit={submit}>
        <label>
          {words.when}
          <select
            value={when}
            onChange={({ currentTarget: { value } }) => setWhen(forwardWhens.find((one) => one === value) ?? 'always')}
          >
            {forwardWhens.map((one) => (
              <option key={one} value={one}>
                {words.whens[one]}
              </option>
            ))}
          </select>
        </label>
        <label>
          {words.target}
          <input type="tel" required value={target} onInput={(event) => setTarget(event.currentTarget.value)} />
        </label>
        <button type="submit" disabled={controls.isBusy}>
          {words.set}
        </button>
      </form>
      <p class="dnd">
        <button
          type="button"
          aria-pressed={isQuiet}
          disabled={controls.isBusy}
          onClick={() => controls.setDnd(extension, !isQuiet)}
        >
          {words.dnd}
        </button>{' '}
        {isQuiet ? words.dndOn : words.dndOff}
      </p>
    </>
  )
}
