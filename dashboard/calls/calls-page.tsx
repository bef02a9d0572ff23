import { useEffect, useMemo, useReducer, useState } from 'preact/hooks'
import { FilterField } from '../components/fields.tsx'
import { Icon } from '../components/icon.tsx'
import { Empty, Failure } from '../components/states.tsx'
import { useKeys } from '../keyboard.ts'
import { plural, t } from '../language.ts'
import { addressOf, navigate, type Route } from '../router.ts'
import { useSession } from '../session.ts'
import { CallDrawer } from './call-drawer.tsx'
import { callFilterOf, callQuery, partyOf } from './call-filter.ts'
import { CallList } from './call-list.ts'
import { CallTable } from './call-table.tsx'
import { ExportDialog } from './export-dialog.tsx'
import { FilterBar } from './filter-bar.tsx'

/** How long a person has stopped typing before a search starts. */
const typingMs = 250

/** Every call that has ended, newest first, with the filters in the address. */
export function CallsPage({ item, query }: Route) {
  const { board, may, site } = useSession()
  const [, redraw] = useReducer((count: number, _: undefined) => count + 1, 0)
  const list = useMemo(() => new CallList(board.archive, () => redraw(undefined)), [board])
  const [isExporting, setExporting] = useState(false)
  const filter = callFilterOf(query)
  const { party, name, matches } = partyOf(filter.text, board.extensions, may('cdrs:personal'))
  const isUnclear = filter.text.trim() !== '' && party === '' && name === ''
  const search = callQuery(filter, { party, name }, Date.now())
  // The zone decides when days begin. Without the right to see the site, the browser's zone is used.
  const isReady = board.isLoaded && (site !== undefined || !may('sites:read'))
  const key = isReady && !isUnclear ? JSON.stringify(search) : undefined
  // `key` is the search as a text
  useEffect(() => {
    if (key === undefined) return
    const timer = setTimeout(() => list.search(search), list.isRead ? typingMs : 0)
    return () => clearTimeout(timer)
  }, [key, list])
  useKeys({ 'g d': () => document.getElementById('go-to-date')?.focus() })
  const backTo = addressOf('calls', undefined, query)
  const { calls } = list
  return (
    <main class={item === undefined ? undefined : 'with-drawer'}>
      <header class="top">
        <h1>{t('page.calls')}</h1>
        <FilterField label={t('calls.filter')} value={filter.text} />
        <span class="end">
          <button type="button" class="button" onClick={() => setExporting(true)}>
            <Icon name="download" small />
            {t('action.export')}
          </button>
        </span>
      </header>
      <div class="page">
        <FilterBar filter={filter} />
        {(isUnclear || matches.length > 1) && (
          <p class="note" role="status">
            {matches.length === 0 ? t('calls.noName') : plural('calls.names', matches.length)}{' '}
            {matches.slice(0, 5).map(({ extension, name }) => (
              <button
                key={extension}
                type="button"
                class="link"
                onClick={() => navigate(addressOf('calls', item, withText(query, extension)))}
              >
                {name} {extension}
              </button>
            ))}
          </p>
        )}
        <Failure text={list.failure} onRetry={() => (list.isRead ? list.older() : list.search(search))} />
        {calls.length > 0 && <CallTable list={list} opened={item} query={query} />}
        {list.isRead && calls.length === 0 && !list.isLoading && <Nothing list={list} query={query} />}
        {!list.isRead && list.failure === undefined && !isUnclear && <p class="loading">{t('state.loading')}</p>}
      </div>
      {item !== undefined && <CallDrawer key={item} id={item} list={list} query={query} backTo={backTo} />}
      {isExporting && <ExportDialog search={exportQuery(search)} onClose={() => setExporting(false)} />}
    </main>
  )
}

function withText(query: URLSearchParams, text: string): URLSearchParams {
  const changed = new URLSearchParams(query)
  changed.set('q', text)
  return changed
}

/** Records have no result, and a file has no page. */
function exportQuery({ limit: _limit, result: _result, ...query }: Record<string, string>): Record<string, string> {
  return { ...query, order: 'oldest' }
}

function Nothing({ list, query }: { list: CallList; query: URLSearchParams }) {
  if (list.hasOlder) {
    return (
      <Empty icon="calls" title={t('calls.shortPage')}>
        <button type="button" class="button" onClick={() => list.older()}>
          {t('calls.older')}
        </button>
      </Empty>
    )
  }
  if ([...query.values()].some((value) => value !== '')) {
    return (
      <Empty icon="search" title={t('calls.noMatch')}>
        <a class="button" href={addressOf('calls')}>
          {t('action.clearFilter')}
        </a>
      </Empty>
    )
  }
  return (
    <Empty icon="calls" title={t('calls.none')}>
      <p>{t('calls.noneHint')}</p>
    </Empty>
  )
}
