import { useState } from 'preact/hooks'
import { Icon } from '../components/icon.tsx'
import { KeyHint } from '../components/key-hint.tsx'
import { Failure } from '../components/states.tsx'
import type { Controls } from '../controls.ts'
import { keepOwnPhone, ownPhone } from '../extension.ts'
import { matchesText } from '../extension-list.ts'
import { t } from '../language.ts'
import { useSession } from '../session.ts'

interface CallFormProps {
  /** The number to call at first. */
  callee: string
  /** A dialog puts the focus into the number. */
  isFocused?: boolean
}

/** Rings the chosen phone and then calls a number. A name of an extension stands for its number. */
export function CallForm({ callee, isFocused }: CallFormProps) {
  const { board } = useSession()
  const { controls, extensions } = board
  const phones = extensions.filter(({ isDialled }) => isDialled)
  const own = phones.find(({ devices }) => devices.some(({ endpoint }) => endpoint === ownPhone()))
  const [from, setFrom] = useState<string>()
  const [to, setTo] = useState(callee)
  const caller = from ?? own?.endpoint ?? phones.find(({ extension }) => extension !== callee)?.endpoint ?? ''
  const named = /[A-Za-z]/.test(to) ? phones.filter((view) => matchesText(view, to)) : []
  const canCall = board.isReachable && !controls.isBusy && to.trim() !== ''
  const submit = (event: Event) => {
    event.preventDefault()
    if (!canCall) return
    keepOwnPhone(caller)
    void controls.call(caller, named.length === 1 ? (named[0]?.extension ?? to) : to.trim())
  }
  return (
    <form class="call-form" onSubmit={submit}>
      <label class="labelled">
        {t('call.to')}
        <input
          class="input big"
          type="text"
          inputMode="tel"
          required
          autocomplete="off"
          value={to}
          data-focus={isFocused}
          onInput={({ currentTarget }) => setTo(currentTarget.value)}
        />
        <span class="hint">{hintOf(to, named)}</span>
      </label>
      <label class="labelled">
        {t('call.from')}
        <select class="input" value={caller} onChange={({ currentTarget }) => setFrom(currentTarget.value)}>
          {phones.map(({ endpoint, extension, name }) => (
            <option key={endpoint} value={endpoint}>
              {[extension, name].filter(Boolean).join(' · ')}
              {endpoint === own?.endpoint ? ` (${t('call.own')})` : ''}
            </option>
          ))}
        </select>
      </label>
      <Failure text={controls.failure} />
      <p class="said" role="status">
        {controls.placed && stageText(controls.placed)}
      </p>
      <p class="row">
        <button type="submit" class="button primary" aria-disabled={!canCall}>
          <Icon name="on-call" small />
          {t('action.call')} <KeyHint keys="↵" />
        </button>
        <EndButton controls={controls} />
        {!board.isReachable && <span class="note">{t('call.unreachable')}</span>}
      </p>
    </form>
  )
}

function hintOf(to: string, named: readonly { extension: string; name: string }[]): string {
  const [only] = named
  if (named.length === 1 && only) return t('call.named', { name: only.name, extension: only.extension })
  if (named.length > 1)
    return named
      .slice(0, 4)
      .map(({ extension, name }) => `${name} ${extension}`)
      .join(', ')
  return /[A-Za-z]/.test(to) ? t('call.noName') : t('call.hint')
}

function EndButton({ controls }: { controls: Controls }) {
  const { placed } = controls
  if (!placed || placed.state === 'ended') return null
  return (
    <button type="button" class="button danger" onClick={() => controls.end(placed.call)}>
      {t(placed.state === 'answered' ? 'action.hangUp' : 'action.cancelCall')}
    </button>
  )
}

/** A failed call without a cause from Asterisk was never dialled. */
function stageText({ state, result, cause }: NonNullable<Controls['placed']>): string {
  if (state !== 'ended' || !result) return t(`stage.${state}`)
  const ended = t('stage.endedAs', { result: t(`result.${result}`) })
  return result === 'failed' && cause === undefined ? `${ended} ${t('stage.notDialled')}` : ended
}
