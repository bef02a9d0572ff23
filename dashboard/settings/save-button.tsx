import { t } from '../language.ts'
import { useSession } from '../session.ts'

/** Ends a form of settings: saves it, or says that this key may only read it. */
export function SaveButton({ isBusy }: { isBusy: boolean }) {
  const { may } = useSession()
  if (!may('sites:write')) return <p class="note">{t('settings.readOnly')}</p>
  return (
    <button type="submit" class="button primary" aria-disabled={isBusy}>
      {t('action.save')}
    </button>
  )
}
