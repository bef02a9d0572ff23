import type { ComponentType } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { BoardPage } from '../board/board-page.tsx'
import { Failure } from '../components/states.tsx'
import { t } from '../language.ts'
import type { PageName, Route } from '../router.ts'

/** The other pages are read when they are first opened, so that the board starts sooner. */
const later: Readonly<Record<Exclude<PageName, 'board'>, () => Promise<ComponentType<Route>>>> = {
  calls: async () => (await import('../calls/calls-page.tsx')).CallsPage,
  stats: async () => (await import('../stats/stats-page.tsx')).StatsPage,
  extensions: async () => (await import('../extensions/extensions-page.tsx')).ExtensionsPage,
  system: async () => (await import('../system/system-page.tsx')).SystemPage,
  webhooks: async () => (await import('../webhooks/webhooks-page.tsx')).WebhooksPage,
  settings: async () => (await import('../settings/settings-page.tsx')).SettingsPage,
  marks: async () => (await import('../marks/marks-page.tsx')).MarksPage,
  wall: async () => (await import('../wall/wall-page.tsx')).WallPage,
}
const known = new Map<PageName, ComponentType<Route>>([['board', BoardPage]])

export function Page(route: Route) {
  const { page } = route
  const [, setArrived] = useState(0)
  const [failure, setFailure] = useState<string>()
  useEffect(() => {
    if (page === 'board' || known.has(page)) return
    later[page]().then(
      (component) => {
        known.set(page, component)
        setArrived((count) => count + 1)
      },
      // The files of an older release are gone once a newer one is served.
      () => setFailure(t('frame.outdated')),
    )
  }, [page])
  const Shown = known.get(page)
  if (Shown) return <Shown key={page} {...route} />
  return (
    <main>
      <Failure text={failure} onRetry={() => location.reload()} />
    </main>
  )
}
