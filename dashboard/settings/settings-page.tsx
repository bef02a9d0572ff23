import type { JSX } from 'preact'
import type { Scope } from '../../contracts/scopes.ts'
import { t } from '../language.ts'
import { addressOf, type Route } from '../router.ts'
import { useSession } from '../session.ts'
import { AuditPanel } from './audit-panel.tsx'
import { DialSettings } from './dial-settings.tsx'
import { KeysPanel } from './keys-panel.tsx'
import { SiteSettingsForm } from './site-settings.tsx'

const sections = ['site', 'dial', 'keys', 'boards', 'audit'] as const
type Section = (typeof sections)[number]

const needs: Readonly<Record<Section, Scope>> = {
  site: 'sites:read',
  dial: 'sites:read',
  keys: 'keys:manage',
  boards: 'keys:manage',
  audit: 'audit:read',
}
const content: Readonly<Record<Section, () => JSX.Element | null>> = {
  site: () => <SiteSettingsForm />,
  dial: () => <DialSettings />,
  keys: () => <KeysPanel key="key" kind="key" />,
  boards: () => <KeysPanel key="board" kind="board" />,
  audit: () => <AuditPanel />,
}

export function SettingsPage({ item }: Route) {
  const { may } = useSession()
  const open = sections.filter((section) => may(needs[section]))
  const shown = open.find((section) => section === item) ?? open[0]
  return (
    <main>
      <header class="top">
        <h1>{t('page.settings')}</h1>
      </header>
      <div class="page sub">
        <nav class="sections" aria-label={t('page.settings')}>
          {open.map((section) => (
            <a
              key={section}
              href={addressOf('settings', section)}
              aria-current={section === shown ? 'page' : undefined}
            >
              {t(`settings.${section}`)}
            </a>
          ))}
        </nav>
        <div class="stack">{shown && content[shown]()}</div>
      </div>
    </main>
  )
}
