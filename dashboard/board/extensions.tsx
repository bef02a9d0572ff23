import { grouped, type ListFilter } from '../extension-list.ts'
import { busyWords, type ExtensionView } from '../extension-view.ts'
import { plural } from '../language.ts'
import type { ShownClock } from '../now.ts'
import { Tile } from './tile.tsx'

interface ExtensionsProps {
  views: readonly ExtensionView[]
  filter: ListFilter
  isDense: boolean
  opened: string | undefined
  clock: ShownClock
}

export function Extensions({ views, filter, isDense, opened, clock }: ExtensionsProps) {
  return (
    <div class={isDense ? 'groups dense' : 'groups'}>
      {grouped(views, filter).map(({ title, views: of }) => {
        const busy = of.filter(({ word }) => busyWords.has(word)).length
        return (
          <section key={title} class="group">
            <h2>
              {title}{' '}
              <span class="note">
                {of.length}
                {busy > 0 && ` · ${plural('board.busy', busy)}`}
              </span>
            </h2>
            <ul class={isDense ? 'lines' : 'tiles'}>
              {of.map((view) => (
                <Tile
                  key={view.extension}
                  view={view}
                  clock={clock}
                  isDense={isDense}
                  isOpened={view.extension === opened}
                />
              ))}
            </ul>
          </section>
        )
      })}
    </div>
  )
}
