import { Drawer } from '../components/drawer.tsx'
import { FilterField, Select } from '../components/fields.tsx'
import { Icon } from '../components/icon.tsx'
import { KeyHint } from '../components/key-hint.tsx'
import { Empty } from '../components/states.tsx'
import { filterOf, listed, sortOrders } from '../extension-list.ts'
import { t } from '../language.ts'
import { addressOf, changeQuery, navigate, type Route } from '../router.ts'
import { useSession } from '../session.ts'
import { useShell } from '../shell.ts'
import { CallsAside } from './calls-aside.tsx'
import { ExtensionDrawer } from './extension-drawer.tsx'
import { Extensions } from './extensions.tsx'
import { StateChips } from './state-chips.tsx'
import { StateTable } from './state-table.tsx'
import { Strips } from './strips.tsx'

/** Who is on the phone now. */
export function BoardPage({ item, query }: Route) {
  const { board, may, isWall } = useSession()
  const { openCall } = useShell()
  const filter = filterOf(query)
  const isDense = query.get('density') === 'dense'
  const all = board.extensions
  const shown = listed(all, filter)
  const opened = item === undefined ? undefined : all.find(({ extension }) => extension === item)
  const backTo = addressOf('board', undefined, query)
  const isHidden = board.isLoaded && !may('presence:personal')
  return (
    <main class={item === undefined ? undefined : 'with-drawer'}>
      <header class="top">
        <h1>{t('page.board')}</h1>
        <FilterField label={t('board.filter')} value={filter.text} />
        <span class="end">
          <Select
            label={t('board.sort')}
            isLabelHidden
            value={filter.order}
            options={sortOrders.map((order) => [order, t(`board.sort.${order}`)] as const)}
            onChoose={(sort) => changeQuery({ sort: sort === 'number' ? '' : sort }, { replace: true })}
          />
          <Density isDense={isDense} />
          {may('calls:write') && (
            <button
              type="button"
              class="button primary"
              aria-disabled={!board.isReachable}
              onClick={() => board.isReachable && openCall()}
            >
              <Icon name="on-call" small />
              {t('action.call')} <KeyHint keys="C" />
            </button>
          )}
        </span>
      </header>
      <div class="page">
        <div class="chip-line">
          <StateChips views={all} chosen={filter.state} />
          {isHidden && <p class="note">{t('board.hidden')}</p>}
        </div>
        <Strips board={board} />
        <div class={isDense ? 'board dense' : 'board'}>
          <div>
            {shown.length > 0 && (
              <Extensions views={shown} filter={filter} isDense={isDense} opened={item} clock={board.clock} />
            )}
            {shown.length === 0 && all.length > 0 && (
              <Empty icon="search" title={t('board.noMatch')}>
                <button type="button" class="button" onClick={() => navigate(addressOf('board'))}>
                  {t('action.clearFilter')} <KeyHint keys="Esc" />
                </button>
              </Empty>
            )}
            {all.length === 0 && board.doubt !== 'refused' && <Nothing isLoaded={board.isLoaded} />}
            <StateTable rows={board.states} />
          </div>
          <CallsAside board={board} mayEnd={may('calls:write')} mayReadLog={may('calls:read') && !isWall} />
        </div>
      </div>
      {opened && <ExtensionDrawer key={opened.extension} view={opened} backTo={backTo} />}
      {item !== undefined && !opened && board.isLoaded && (
        <Drawer title={item} backTo={backTo}>
          <p class="section">{t('board.unknownExtension')}</p>
        </Drawer>
      )}
    </main>
  )
}

function Density({ isDense }: { isDense: boolean }) {
  const choose = (density: string) => changeQuery({ density }, { replace: true })
  return (
    <fieldset class="segments wide-only">
      <legend class="visually-hidden">{t('board.density')}</legend>
      <button type="button" aria-pressed={!isDense} onClick={() => choose('')}>
        {t('board.tiles')}
      </button>
      <button type="button" aria-pressed={isDense} onClick={() => choose('dense')}>
        {t('board.dense')}
      </button>
    </fieldset>
  )
}

function Nothing({ isLoaded }: { isLoaded: boolean }) {
  if (!isLoaded) return <p class="loading">{t('state.loading')}</p>
  return (
    <Empty icon="extensions" title={t('board.noPhones')}>
      <p>{t('board.noPhonesHint')}</p>
    </Empty>
  )
}
