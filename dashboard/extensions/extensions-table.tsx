import { useState } from 'preact/hooks'
import { forwardWhens } from '../../contracts/presence.ts'
import type { ForwardWhen } from '../../contracts/routes/extensions.ts'
import { ForwardEditor } from '../board/forward-editor.tsx'
import { targetText } from '../board/tile.tsx'
import { Switch } from '../components/fields.tsx'
import { Icon } from '../components/icon.tsx'
import { TableBox } from '../components/panel.tsx'
import { Failure } from '../components/states.tsx'
import type { ExtensionView } from '../extension-view.ts'
import { plural, t } from '../language.ts'
import { addressOf } from '../router.ts'
import { useSession } from '../session.ts'
import { useShell } from '../shell.ts'
import { toggled } from '../toggled.ts'

interface ExtensionsTableProps {
  views: readonly ExtensionView[]
  selected: ReadonlySet<string>
  onSelect: (selected: ReadonlySet<string>) => void
}

export function ExtensionsTable({ views, selected, onSelect }: ExtensionsTableProps) {
  const { board, may } = useSession()
  const [editing, setEditing] = useState<string>()
  const [failed, setFailed] = useState<string>()
  const maySet = may('forwards:write')
  const all = views.every(({ extension }) => selected.has(extension))
  return (
    <div class="panel">
      <TableBox label={t('page.extensions')}>
        <table class="extension-table">
          <thead>
            <tr>
              {maySet && (
                <th scope="col">
                  <input
                    type="checkbox"
                    aria-label={t('extensions.selectAll')}
                    checked={all}
                    onChange={() => onSelect(new Set(all ? [] : views.map(({ extension }) => extension)))}
                  />
                </th>
              )}
              <th scope="col">{t('extensions.number')}</th>
              <th scope="col">{t('extensions.name')}</th>
              <th scope="col">{t('changes.state')}</th>
              {forwardWhens.map((when) => (
                <th key={when} scope="col">
                  {t(`forward.column.${when}`)}
                </th>
              ))}
              <th scope="col">{t('state.dnd')}</th>
              <th scope="col" class="figure">
                {t('result.voicemail')}
              </th>
            </tr>
          </thead>
          <tbody>
            {views.map((view) => (
              <tr
                key={view.extension}
                data-extension={view.extension}
                class={selected.has(view.extension) ? 'opened' : undefined}
              >
                {maySet && (
                  <td>
                    <input
                      type="checkbox"
                      aria-label={t('extensions.select', { extension: view.extension })}
                      checked={selected.has(view.extension)}
                      onChange={() => onSelect(toggled(selected, view.extension))}
                    />
                  </td>
                )}
                <td>
                  <a class="number" href={addressOf('board', view.extension)} data-row>
                    {view.extension}
                  </a>
                </td>
                <th scope="row">
                  <bdi>{view.name || '–'}</bdi>
                </th>
                <td>
                  <span class="tinted" data-state={view.word}>
                    <Icon name={view.word} small />
                    {t(`state.${view.word}`)}
                  </span>
                </td>
                {forwardWhens.map((when) => (
                  <td key={when}>
                    <ForwardCell
                      view={view}
                      when={when}
                      maySet={maySet && view.isForwardable && view.isDialled}
                      isEditing={editing === `${view.extension} ${when}`}
                      onEdit={() => {
                        board.controls.clear()
                        setFailed(undefined)
                        setEditing(`${view.extension} ${when}`)
                      }}
                      onDone={() => setEditing(undefined)}
                    />
                  </td>
                ))}
                <td>
                  <DndCell
                    view={view}
                    maySet={maySet && view.isForwardable && view.isDialled}
                    onFail={() => setFailed(view.extension)}
                  />
                  {failed === view.extension && <Failure text={board.controls.failure} />}
                </td>
                <td class="figure">
                  {view.messages > 0 && (
                    <span class="lamp messages">
                      <Icon name="voicemail" small /> {view.messages}
                      <span class="visually-hidden"> {plural('board.messages', view.messages)}</span>
                    </span>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableBox>
    </div>
  )
}

interface ForwardCellProps {
  view: ExtensionView
  when: ForwardWhen
  maySet: boolean
  isEditing: boolean
  onEdit: () => void
  onDone: () => void
}

function ForwardCell({ view, when, maySet, isEditing, onEdit, onDone }: ForwardCellProps) {
  const { board } = useSession()
  const set = view.forwards.find((one) => one.when === when)
  const text = set ? targetText(set.target) : '–'
  if (isEditing) {
    return (
      <>
        <ForwardEditor view={view} when={when} onDone={onDone} />
        <Failure text={board.controls.failure} />
      </>
    )
  }
  if (!maySet) return <span>{text}</span>
  return (
    <button
      type="button"
      class="cell"
      aria-disabled={!board.isReachable}
      aria-label={t('extensions.forwardOf', {
        extension: view.extension,
        which: t(`forward.${when}`),
        target: set ? text : t('forward.none'),
      })}
      onClick={() => board.isReachable && onEdit()}
    >
      {set && <Icon name="forwarded" small />}
      {text}
    </button>
  )
}

function DndCell({ view, maySet, onFail }: { view: ExtensionView; maySet: boolean; onFail: () => void }) {
  const { board } = useSession()
  const { say } = useShell()
  const { controls } = board
  const { extension, isDnd } = view
  if (!maySet) return <span>{t(isDnd ? 'extensions.yes' : 'extensions.no')}</span>
  const set = async (isOn: boolean) => {
    if (!(await controls.setDnd(extension, isOn))) return onFail()
    say({
      text: t(isOn ? 'dnd.wasOn' : 'dnd.wasOff', { extension }),
      undo: () => controls.setDnd(extension, !isOn),
    })
  }
  return (
    <Switch
      label={t('extensions.dndOf', { extension })}
      isOn={isDnd}
      isDnd
      isDisabled={!board.isReachable || controls.isBusy}
      onToggle={set}
    />
  )
}
