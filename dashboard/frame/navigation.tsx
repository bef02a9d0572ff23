import { Icon } from '../components/icon.tsx'
import { KeyHint } from '../components/key-hint.tsx'
import { ownPhone } from '../extension.ts'
import { plural, t } from '../language.ts'
import { mayOpen } from '../pages.ts'
import { addressOf, type PageName, pageNames } from '../router.ts'
import { useSession } from '../session.ts'
import type { Opened } from '../shell.ts'
import { StatusLine } from './status-line.tsx'

interface NavigationProps {
  page: PageName
  onOpen: (opened: Opened) => void
}

/** The menu at the side; at the bottom of a narrow window. */
export function Navigation({ page, onOpen }: NavigationProps) {
  const session = useSession()
  const { board, name } = session
  const open = pageNames.filter((to) => mayOpen(to, session))
  const own = board.extensions.find(({ devices }) => devices.some(({ endpoint }) => endpoint === ownPhone()))
  const count = board.live.calls.size
  return (
    <header class="side">
      <div class="brand">
        <span class="logo">
          <Icon name="on-call" />
        </span>
        <div class="label">
          <b>
            <bdi>{name}</bdi>
          </b>
          <span>{board.isLoaded ? plural('frame.extensions', board.extensions.length) : t('product')}</span>
        </div>
      </div>
      <nav class="menu" aria-label={t('frame.pages')}>
        {open.map((to) => (
          <a key={to} href={addressOf(to)} aria-current={to === page ? 'page' : undefined}>
            <Icon name={to} />
            <span class="label">{t(`page.${to}`)}</span>
            {to === 'board' && count > 0 && <span class="count">{count}</span>}
          </a>
        ))}
      </nav>
      <div class="menu tools">
        <button type="button" onClick={() => onOpen('palette')}>
          <Icon name="search" />
          <span class="label">{t('palette.title')}</span>
          <KeyHint keys="Ctrl K" isLabel />
        </button>
        <button type="button" onClick={() => onOpen('help')}>
          <Icon name="keyboard" />
          <span class="label">{t('keys.title')}</span>
          <KeyHint keys="?" isLabel />
        </button>
        <button type="button" onClick={session.signOut}>
          <Icon name="leave" />
          <span class="label">{t('frame.signOut')}</span>
        </button>
      </div>
      <div class="health">
        <StatusLine />
        {board.isLoaded && (
          <button type="button" class="own-phone" onClick={() => onOpen('phone')}>
            <Icon name="on-call" small />
            <span class="label">
              {own ? t('frame.ownPhone', { extension: own.extension }) : t('frame.chooseOwnPhone')}
            </span>
          </button>
        )}
      </div>
    </header>
  )
}
