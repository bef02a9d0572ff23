import { useState } from 'preact/hooks'
import type { ForwardWhen } from '../../contracts/routes/extensions.ts'
import type { ExtensionView } from '../extension-view.ts'
import { t } from '../language.ts'
import { useSession } from '../session.ts'
import { useShell } from '../shell.ts'
import { targetText } from './tile.tsx'

interface ForwardEditorProps {
  view: ExtensionView
  when: ForwardWhen
  onDone: () => void
}

/** One field for the number that gets the calls. Left empty, the forward is cleared. Escape leaves it as it was. */
export function ForwardEditor({ view: { extension, forwards }, when, onDone }: ForwardEditorProps) {
  const { board } = useSession()
  const { say } = useShell()
  const { controls } = board
  const before = forwards.find((one) => one.when === when)?.target
  const [target, setTarget] = useState(before?.startsWith('…') ? '' : (before ?? ''))
  const put = (to: string | undefined) =>
    to ? controls.forward(extension, to, when) : controls.clearForward(extension, when)
  const submit = async (event: Event) => {
    event.preventDefault()
    const wanted = target.trim()
    if (!(await put(wanted))) return
    onDone()
    const words = { extension, which: t(`forward.${when}`), target: targetText(wanted) }
    say({
      text: wanted ? t('forward.wasSet', words) : t('forward.wasCleared', words),
      undo: before?.startsWith('…') ? undefined : () => put(before),
    })
  }
  return (
    <form class="forward-editor" onSubmit={submit}>
      <input
        class="input"
        type="tel"
        aria-label={t('forward.target', { which: t(`forward.${when}`) })}
        placeholder={t('forward.placeholder')}
        value={target}
        autocomplete="off"
        ref={(field) => field?.focus()}
        onInput={({ currentTarget }) => setTarget(currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return
          event.stopPropagation()
          onDone()
        }}
      />
      <button type="submit" class="button primary small" aria-disabled={controls.isBusy}>
        {t(target.trim() === '' && before ? 'action.clear' : 'action.set')}
      </button>
    </form>
  )
}
