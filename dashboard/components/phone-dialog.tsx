import { useEffect, useRef } from 'preact/hooks'
import type { EndpointState } from '../../client/index.ts'
import type { Controls } from '../controls.ts'
import { dialledAs } from '../extension.ts'
import { strings } from '../strings.ts'
import { CallForm } from './call-form.tsx'
import { ForwardForm } from './forward-form.tsx'

const words = strings.control

interface PhoneDialogProps {
  state: EndpointState
  phones: readonly EndpointState[]
  controls: Controls
  mayCall: boolean
  maySet: boolean
  onClose: () => void
}

/** Calls and settings of one phone. The browser's modal dialog keeps the focus, and Escape closes it. */
export function PhoneDialog({ state, phones, controls, mayCall, maySet, onClose }: PhoneDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => dialog.current?.showModal(), [])
  const { failure, done, placed } = controls
  const extension = dialledAs(state) ?? ''
  const said = placed ? stageWords(placed) : done
  return (
    <dialog ref={dialog} class="phone-dialog" aria-labelledby="phone-title" onClose={onClose}>
      <div class="panel-head">
        <h2 id="phone-title">{words.title(extension)}</h2>
        <button type="button" class="quiet" onClick={() => dialog.current?.close()}>
          {words.close}
        </button>
      </div>
      {failure !== undefined && (
        <p class="failure" role="alert">
          {failure}
        </p>
      )}
      {mayCall && <CallForm state={state} extension={extension} phones={phones} controls={controls} />}
      <p class="said" role="status">
        {said}
      </p>
      {placed && placed.state !== 'ended' && (
        <button type="button" class="end" onClick={() => controls.end(placed.call)}>
          {placed.state === 'answered' ? words.hangUp : words.cancel}
        </button>
      )}
      {maySet && <ForwardForm state={state} extension={extension} controls={controls} />}
    </dialog>
  )
}

/** A failed call without a cause from Asterisk was never dialled. */
function stageWords({ state, result, cause }: NonNullable<Controls['placed']>): string {
  if (state !== 'ended' || !result) return words.stages[state]
  const how = result === 'failed' && cause === undefined ? [words.notDialled] : []
  return [words.stages.ended, strings.results[result], ...how].join(': ')
}
