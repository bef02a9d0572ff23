import { useEffect } from 'preact/hooks'
import { Icon } from '../components/icon.tsx'
import { KeyHint } from '../components/key-hint.tsx'
import { t } from '../language.ts'
import type { Toast } from '../shell.ts'

/** How long what was done can be undone. */
const toastMs = 8_000

/** Says what was done. The place is always there, so that screen readers notice a new message. */
export function ToastLine({ toast, onEnd }: { toast: Toast | undefined; onEnd: () => void }) {
  // each toast has its own time, whatever is drawn meanwhile
  useEffect(() => {
    if (!toast) return
    const timer = setTimeout(onEnd, toastMs)
    return () => clearTimeout(timer)
  }, [toast])
  return (
    <div class="toasts" role="status">
      {toast && (
        <p class="toast">
          <Icon name="available" />
          <span>{toast.text}</span>
          {toast.undo && (
            <button
              type="button"
              onClick={() => {
                onEnd()
                toast.undo?.()
              }}
            >
              <Icon name="undo" small />
              {t('action.undo')} <KeyHint keys="Z" />
            </button>
          )}
        </p>
      )}
    </div>
  )
}
