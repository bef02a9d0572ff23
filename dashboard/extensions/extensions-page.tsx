import { useState } from 'preact/hooks'
import { saveFile } from '../call-export.ts'
import { FilterField } from '../components/fields.tsx'
import { Icon } from '../components/icon.tsx'
import { Empty, Failure } from '../components/states.tsx'
import { matchesText } from '../extension-list.ts'
import type { ExtensionView } from '../extension-view.ts'
import { plural, t } from '../language.ts'
import { useAction } from '../loading.ts'
import { addressOf, changeQuery, type Route } from '../router.ts'
import { useSession } from '../session.ts'
import { useShell } from '../shell.ts'
import { extensionsCsv } from './extensions-csv.ts'
import { ExtensionsTable } from './extensions-table.tsx'

const filters = ['forwarded', 'dnd', 'messages', 'offline'] as const
type Filter = (typeof filters)[number]
const icons = { forwarded: 'forwarded', dnd: 'dnd', messages: 'voicemail', offline: 'offline' } as const

function isIn({ forwards, isDnd, messages, word }: ExtensionView, filter: Filter): boolean {
  if (filter === 'forwarded') return forwards.length > 0
  if (filter === 'dnd') return isDnd
  return filter === 'messages' ? messages > 0 : word === 'offline'
}

/** Forwards, do not disturb and voicemail of all extensions at once: to see, to set and to clear. */
export function ExtensionsPage({ query }: Route) {
  const { board, may } = useSession()
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set())
  const text = query.get('q') ?? ''
  const chosen = filters.find((name) => name === query.get('filter'))
  const all = board.extensions
  const shown = all.filter((view) => (!chosen || isIn(view, chosen)) && (text === '' || matchesText(view, text)))
  const picked = shown.filter(({ extension }) => selected.has(extension))
  const save = () => saveFile(`extensions.csv`, new Blob([extensionsCsv(shown)], { type: 'text/csv' }))
  return (
    <main>
      <header class="top">
        <h1>{t('page.extensions')}</h1>
        <FilterField label={t('board.filter')} value={text} />
        <span class="end">
          <button type="button" class="button" onClick={save}>
            <Icon name="download" small />
            {t('action.exportCsv')}
          </button>
        </span>
      </header>
      <div class="page">
        <div class="chip-line">
          <fieldset class="chips">
            <legend class="visually-hidden">{t('board.states')}</legend>
            <button type="button" class="chip" aria-pressed={!chosen} onClick={() => changeQuery({ filter: '' })}>
              {t('board.all')} <b>{all.length}</b>
            </button>
            {filters.map((name) => (
              <button
                key={name}
                type="button"
                class="chip"
                aria-pressed={name === chosen}
                onClick={() => changeQuery({ filter: name === chosen ? '' : name })}
              >
                <Icon name={icons[name]} small />
                {t(`extensions.${name}`)} <b>{all.filter((view) => isIn(view, name)).length}</b>
              </button>
            ))}
          </fieldset>
          {picked.length > 0 && may('forwards:write') && <Bulk picked={picked} onDone={() => setSelected(new Set())} />}
        </div>
        {shown.length > 0 ? (
          <ExtensionsTable views={shown} selected={selected} onSelect={setSelected} />
        ) : (
          board.isLoaded && (
            <Empty icon="extensions" title={t(all.length > 0 ? 'board.noMatch' : 'board.noPhones')}>
              {all.length > 0 ? (
                <a class="button" href={addressOf('extensions')}>
                  {t('action.clearFilter')}
                </a>
              ) : (
                <p>{t('board.noPhonesHint')}</p>
              )}
            </Empty>
          )
        )}
      </div>
    </main>
  )
}

function Bulk({ picked, onDone }: { picked: readonly ExtensionView[]; onDone: () => void }) {
  const { board } = useSession()
  const { say } = useShell()
  const action = useAction()
  const { controls } = board
  const isOff = !board.isReachable || action.isBusy
  const each = (act: (view: ExtensionView) => Promise<boolean>, text: string) =>
    action.run(async () => {
      // One after the other: the board sends one request at a time.
      for (const view of picked) {
        if (!(await act(view))) throw new Error(`${view.extension}: ${controls.failure ?? ''}`)
      }
      say({ text, undo: undefined })
      onDone()
    })
  const clear = async (view: ExtensionView) => {
    for (const { when } of view.forwards) if (!(await controls.clearForward(view.extension, when))) return false
    return true
  }
  const quiet = async (view: ExtensionView) => !view.isDnd || controls.setDnd(view.extension, false)
  return (
    <p class="bulk end">
      <span role="status">{plural('extensions.selected', picked.length)}</span>
      <button
        type="button"
        class="button small"
        aria-disabled={isOff}
        onClick={() => isOff || each(clear, t('extensions.cleared'))}
      >
        <Icon name="close" small />
        {t('extensions.clearForwards')}
      </button>
      <button
        type="button"
        class="button small"
        aria-disabled={isOff}
        onClick={() => isOff || each(quiet, t('extensions.dndOff'))}
      >
        <Icon name="dnd" small />
        {t('extensions.clearDnd')}
      </button>
      <Failure text={action.failure} />
    </p>
  )
}
