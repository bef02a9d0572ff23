import { t } from '../language.ts'
import { CopyButton } from './copy-button.tsx'

/** A secret that is shown once. */
export function SecretNote({ title, secret, hint }: { title: string; secret: string; hint: string }) {
  return (
    <section class="panel secret" aria-label={title}>
      <header>
        <h2>{title}</h2>
        <span class="note">{t('secret.once')}</span>
      </header>
      <p class="row pad">
        <code>{secret}</code>
        <CopyButton text={secret} label={t('action.copy')} />
      </p>
      <p class="note pad">{hint}</p>
    </section>
  )
}
