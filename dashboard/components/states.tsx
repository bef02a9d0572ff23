import type { ComponentChildren } from 'preact'
import { t } from '../language.ts'
import type { Loaded } from '../loading.ts'
import { Icon, type IconName } from './icon.tsx'

/** Why something could not be read or done, beside its cause, and a button that tries again. */
export function Failure({ text, onRetry }: { text: string | undefined; onRetry?: () => void }) {
  if (text === undefined) return null
  return (
    <div class="failure" role="alert">
      <Icon name="warning" />
      <p>{text}</p>
      {onRetry && (
        <button type="button" class="button small" onClick={onRetry}>
          {t('action.retry')}
        </button>
      )}
    </div>
  )
}

/** What a place without content is for, and the next step. */
export function Empty({ icon, title, children }: { icon: IconName; title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <Icon name={icon} />
      <p class="empty-title">{title}</p>
      {children}
    </div>
  )
}

/** Draws the content once it is there; until then the reason why not, or that it is being read. */
export function Content<T>({ of, children }: { of: Loaded<T>; children: (data: T) => ComponentChildren }) {
  return (
    <>
      <Failure text={of.failure} onRetry={of.reload} />
      {of.data !== undefined ? (
        children(of.data)
      ) : of.failure === undefined ? (
        <p class="loading" role="status">
          {t('state.loading')}
        </p>
      ) : null}
    </>
  )
}
