import { Icon } from '../components/icon.tsx'
import { type FilterWord, filterWords, isIn } from '../extension-list.ts'
import type { ExtensionView } from '../extension-view.ts'
import { t } from '../language.ts'
import { changeQuery } from '../router.ts'

/** States that are in the row of chips also if no extension is in them, so that the row does not jump. */
const always: ReadonlySet<FilterWord> = new Set(['ringing', 'on-call', 'available'])

/** How many extensions are in each state; a click shows only those. */
export function StateChips({ views, chosen }: { views: readonly ExtensionView[]; chosen: FilterWord | undefined }) {
  const counts = filterWords.map((word) => ({ word, count: views.filter((view) => isIn(view, word)).length }))
  const shown = counts.filter(({ word, count }) => count > 0 || always.has(word) || word === chosen)
  return (
    <fieldset class="chips">
      <legend class="visually-hidden">{t('board.states')}</legend>
      <button type="button" class="chip" aria-pressed={!chosen} onClick={() => changeQuery({ state: '' })}>
        {t('board.all')} <b>{views.length}</b>
      </button>
      {shown.map(({ word, count }) => (
        <button
          key={word}
          type="button"
          class="chip"
          data-state={word}
          aria-pressed={word === chosen}
          onClick={() => changeQuery({ state: word === chosen ? '' : word })}
        >
          <Icon name={word} small />
          {t(`state.${word}`)} <b>{count}</b>
        </button>
      ))}
    </fieldset>
  )
}
