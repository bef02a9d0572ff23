import { useState } from 'preact/hooks'
import { forwardWhens } from '../../contracts/presence.ts'
import type { ForwardWhen } from '../../contracts/routes/extensions.ts'
import { Switch } from '../components/fields.tsx'
import { Failure } from '../components/states.tsx'
import type { ExtensionView } from '../extension-view.ts'
import { plural, t } from '../language.ts'
import { useSession } from '../session.ts'
import { useShell } from '../shell.ts'
import { ForwardEditor } from './forward-editor.tsx'
import { targetText } from './tile.tsx'

/** Do not disturb, the four forwards and voicemail of an extension, as the PBX has confirmed them. */
export function ExtensionSettings({ view }: { view: ExtensionView }) {
  const { board, may } = useSession()
  const { say } = useShell()
  const { controls } = board
  const maySet = may('forwards:write') && view.isForwardable && view.isDialled
  const { extension, isDnd } = view
  const setDnd = async (isOn: boolean) => {
    if (!(await controls.setDnd(extension, isOn))) return
    say({
      text: t(isOn ? 'dnd.wasOn' : 'dnd.wasOff', { extension }),
      undo: () => controls.setDnd(extension, !isOn),
    })
  }
  return (
    <div class="settings">
      <Failure text={controls.placed ? undefined : controls.failure} />
      <p class="said" role="status">
        {controls.done}
      </p>
      <div class="setting">
        <b>{t('state.dnd')}</b>
        <p>{t(isDnd ? 'dnd.on' : 'dnd.off')}</p>
        {maySet && (
          <Switch
            label={t('state.dnd')}
            isOn={isDnd}
            isDnd
            isDisabled={!board.isReachable || controls.isBusy}
            onToggle={setDnd}
          />
        )}
      </div>
      {forwardWhens.map((when) => (
        <Forward key={when} view={view} when={when} maySet={maySet} />
      ))}
      <div class="setting">
        <b>{t('result.voicemail')}</b>
        <p>{view.messages === 0 ? t('voicemail.none') : plural('board.messagesNew', view.messages)}</p>
      </div>
    </div>
  )
}

function Forward({ view, when, maySet }: { view: ExtensionView; when: ForwardWhen; maySet: boolean }) {
  const { board } = useSession()
  const [isEditing, setEditing] = useState(false)
  const set = view.forwards.find((one) => one.when === when)
  return (
    <div class="setting">
      <b>{t(`forward.${when}`)}</b>
      <p>{set ? t('forward.to', { target: targetText(set.target) }) : t('forward.none')}</p>
      {maySet && !isEditing && (
        <button
          type="button"
          class="button small"
          aria-disabled={!board.isReachable}
          aria-label={`${t(set ? 'action.change' : 'action.set')}: ${t(`forward.${when}`)}`}
          onClick={() => board.isReachable && setEditing(true)}
        >
          {t(set ? 'action.change' : 'action.set')}
        </button>
      )}
      {isEditing && <ForwardEditor view={view} when={when} onDone={() => setEditing(false)} />}
    </div>
  )
}
