import { useEffect, useMemo, useState } from 'preact/hooks'
import { CallDialog } from '../board/call-dialog.tsx'
import type { Connection } from '../connection.ts'
import { keepOneStop, moveFocus, useKeys } from '../keyboard.ts'
import { t } from '../language.ts'
import { mayOpen, pageKeys } from '../pages.ts'
import { addressOf, navigate, pageNames, useRoute } from '../router.ts'
import type { Session } from '../session.ts'
import { type Opened, type Shell, ShellContext, type Toast } from '../shell.ts'
import { chooseTheme, currentTheme } from '../theme.ts'
import { Banner } from './banner.tsx'
import { HelpDialog } from './help-dialog.tsx'
import { Navigation } from './navigation.tsx'
import { OwnPhoneDialog } from './own-phone-dialog.tsx'
import { Page } from './page.tsx'
import { Palette } from './palette.tsx'
import { SignInDialog } from './sign-in.tsx'
import { ToastLine } from './toast-line.tsx'

/** The frame of a site: menu, banner, the page of the address, and the dialogs that every page shares. */
export function OpenSite({ session, onConnect }: { session: Session; onConnect: (connection: Connection) => void }) {
  const { page, item, query } = useRoute()
  const [opened, setOpened] = useState<Opened>()
  const [toast, setToast] = useState<Toast>()
  const { board, name } = session
  const mayCall = session.may('calls:write')
  const shell = useMemo<Shell>(
    () => ({
      openCall: (number = '') => {
        board.controls.clear()
        setOpened({ call: number })
      },
      say: setToast,
      askKey: () => setOpened('key'),
    }),
    [board],
  )
  const isAllowed = !board.isLoaded || mayOpen(page, session)
  const shown = isAllowed ? page : 'board'
  useEffect(() => {
    document.title = `${t(`page.${shown}`)} · ${name} · ${t('product')}`
  })
  useEffect(keepOneStop)
  const goTo = Object.fromEntries(
    pageNames.map((to) => [`g ${pageKeys[to]}`, mayOpen(to, session) ? () => navigate(addressOf(to)) : undefined]),
  )
  useKeys({
    ...goTo,
    '?': () => setOpened('help'),
    'ctrl k': () => setOpened('palette'),
    c: mayCall && board.isReachable ? () => shell.openCall() : undefined,
    t: () => chooseTheme(currentTheme() === 'dark' ? 'light' : 'dark'),
    z: toast?.undo,
    j: () => moveFocus('next'),
    k: () => moveFocus('previous'),
    ArrowDown: () => moveFocus('down'),
    ArrowUp: () => moveFocus('up'),
    ArrowRight: () => moveFocus('next'),
    ArrowLeft: () => moveFocus('previous'),
  })
  const close = () => setOpened(undefined)
  if (shown === 'wall' || (session.isWall && page === 'board' && location.pathname === '/')) {
    return <Page page="wall" item={item} query={query} />
  }
  return (
    <ShellContext.Provider value={shell}>
      <div class={board.isLoaded && board.doubt ? 'app is-old' : 'app'} data-doubt={board.doubt}>
        <a class="skip" href="#main">
          {t('frame.skip')}
        </a>
        <Navigation page={shown} onOpen={setOpened} />
        <div class="content" id="main">
          <Banner board={board} onKey={() => setOpened('key')} />
          <Page page={shown} item={item} query={query} />
        </div>
      </div>
      <ToastLine toast={toast} onEnd={() => setToast(undefined)} />
      {opened === 'help' && <HelpDialog onClose={close} />}
      {opened === 'palette' && <Palette onClose={close} onOpen={setOpened} />}
      {opened === 'phone' && <OwnPhoneDialog onClose={close} />}
      {opened === 'key' && <SignInDialog connection={session.connection} onConnect={onConnect} onClose={close} />}
      {typeof opened === 'object' && <CallDialog number={opened.call} onClose={close} />}
    </ShellContext.Provider>
  )
}
