import { useEffect, useRef, useState } from 'preact/hooks'
import { Icon, type IconName } from '../components/icon.tsx'
import { matchesText } from '../extension-list.ts'
import { chooseLanguage, currentLanguage, t } from '../language.ts'
import { mayOpen } from '../pages.ts'
import { addressOf, navigate, pageNames } from '../router.ts'
import { type Session, useSession } from '../session.ts'
import type { Opened } from '../shell.ts'
import { chooseTheme, currentTheme } from '../theme.ts'

interface Entry {
  key: string
  icon: IconName
  text: string
  detail: string
  run: () => void
}

const extensionsShownMax = 8

/** One field that finds an extension, a page or an action. */
export function Palette({ onClose, onOpen }: { onClose: () => void; onOpen: (opened: Opened) => void }) {
  const session = useSession()
  const dialog = useRef<HTMLDialogElement>(null)
  const [typed, setTyped] = useState('')
  const [at, setAt] = useState(0)
  useEffect(() => dialog.current?.showModal(), [])
  const entries = entriesOf(session, typed.trim(), onOpen)
  const chosen = entries[Math.min(at, entries.length - 1)]
  const run = (entry: Entry | undefined) => {
    if (!entry) return
    dialog.current?.close()
    entry.run()
  }
  const move = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step !== undefined) {
      event.preventDefault()
      setAt(Math.max(0, Math.min(entries.length - 1, at + step)))
    } else if (event.key === 'Enter') run(chosen)
  }
  return (
    <dialog ref={dialog} class="modal palette" aria-label={t('palette.title')} onClose={onClose}>
      <div class="palette-field">
        <Icon name="search" />
        <input
          role="combobox"
          aria-label={t('palette.title')}
          aria-expanded="true"
          aria-controls="palette-list"
          aria-activedescendant={chosen && `palette-${chosen.key}`}
          placeholder={t('palette.hint')}
          value={typed}
          autocomplete="off"
          onInput={({ currentTarget }) => {
            setTyped(currentTarget.value)
            setAt(0)
          }}
          onKeyDown={move}
        />
        <kbd>Esc</kbd>
      </div>
      <div id="palette-list" role="listbox" aria-label={t('palette.results')}>
        {entries.map((entry) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field has the focus and handles the keys
          <div
            key={entry.key}
            id={`palette-${entry.key}`}
            role="option"
            tabIndex={-1}
            aria-selected={entry === chosen}
            onClick={() => run(entry)}
          >
            <Icon name={entry.icon} />
            <bdi>{entry.text}</bdi>
            <span class="detail">{entry.detail}</span>
          </div>
        ))}
      </div>
      {entries.length === 0 && <p class="hint">{t('palette.none')}</p>}
    </dialog>
  )
}

function entriesOf(session: Session, text: string, onOpen: (opened: Opened) => void): Entry[] {
  const { board, may, signOut } = session
  const has = (words: string) => words.toLowerCase().includes(text.toLowerCase())
  const mayCall = may('calls:write') && board.isReachable
  const extensions = text === '' ? [] : board.extensions.filter((view) => matchesText(view, text))
  const found = extensions.slice(0, extensionsShownMax).map(
    ({ extension, name, word }): Entry => ({
      key: `extension-${extension}`,
      icon: word,
      text: [extension, name].filter(Boolean).join(' · '),
      detail: t(`state.${word}`),
      run: () => navigate(addressOf('board', extension)),
    }),
  )
  const digits = text.replace(/[\s.]/g, '')
  const call: Entry[] =
    mayCall && /^[+*#\d]{2,}$/.test(digits)
      ? [
          {
            key: 'call',
            icon: 'on-call',
            text: t('palette.call', { number: text }),
            detail: '',
            run: () => onOpen({ call: text }),
          },
        ]
      : []
  const pages = pageNames
    .filter((page) => mayOpen(page, session) && has(t(`page.${page}`)))
    .map(
      (page): Entry => ({
        key: page,
        icon: page,
        text: t(`page.${page}`),
        detail: t('palette.page'),
        run: () => navigate(addressOf(page)),
      }),
    )
  const theme = currentTheme() === 'dark' ? 'light' : 'dark'
  const language = currentLanguage() === 'fr' ? 'en' : 'fr'
  const actions: Entry[] = [
    { key: 'help', icon: 'keyboard', text: t('keys.title'), detail: '?', run: () => onOpen('help') },
    { key: 'phone', icon: 'on-call', text: t('ownPhone.title'), detail: '', run: () => onOpen('phone') },
    { key: 'theme', icon: 'sun', text: t(`theme.${theme}`), detail: 'T', run: () => chooseTheme(theme) },
    { key: 'language', icon: 'more', text: t(`language.${language}`), detail: '', run: () => chooseLanguage(language) },
    { key: 'leave', icon: 'leave', text: t('frame.signOut'), detail: '', run: signOut },
  ]
  return [...call, ...found, ...pages, ...actions.filter((action) => has(action.text))]
}
