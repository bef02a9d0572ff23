import { Component } from 'preact'
import { Icon } from '../components/icon.tsx'
import { Age, Timer } from '../components/timer.tsx'
import { busyWords, type ExtensionView } from '../extension-view.ts'
import { currentLanguage, plural, t } from '../language.ts'
import type { ShownClock } from '../now.ts'
import { phoneNumber } from '../phone-number.ts'
import { addressOf } from '../router.ts'

interface TileProps {
  view: ExtensionView
  clock: ShownClock
  isDense: boolean
  isOpened: boolean
}

/** One extension. It is drawn again only if something that it shows has changed: a board may have five hundred of them. */
export class Tile extends Component<TileProps> {
  #language = currentLanguage()

  override shouldComponentUpdate(next: TileProps): boolean {
    const { view, clock, isDense, isOpened } = this.props
    const isSame =
      next.view.key === view.key &&
      next.isDense === isDense &&
      next.isOpened === isOpened &&
      next.clock.frozenAtMs === clock.frozenAtMs &&
      next.clock.skewMs === clock.skewMs &&
      currentLanguage() === this.#language
    this.#language = currentLanguage()
    return !isSame
  }

  override render({ view, clock, isDense, isOpened }: TileProps) {
    const { extension, name, word } = view
    return (
      <li>
        <a
          class={isDense ? 'line' : 'tile'}
          href={addressOf('board', extension, new URLSearchParams(location.search))}
          data-row
          data-state={word}
          data-endpoint={view.endpoint}
          aria-current={isOpened ? 'true' : undefined}
        >
          <span class="badge">
            <Icon name={word} />
          </span>
          <span class="who">
            <bdi class="number">{extension}</bdi> {name && <bdi class="name">{name}</bdi>}
          </span>
          <Lamps view={view} />
          <span class={isDense ? 'what visually-hidden' : 'what'}>
            <What view={view} />
          </span>
          {busyWords.has(word) ? (
            <Timer sinceMs={view.sinceMs} clock={clock} />
          ) : (
            word !== 'available' && !isDense && <Age sinceMs={view.sinceMs} clock={clock} />
          )}
        </a>
      </li>
    )
  }
}

function What({ view }: { view: ExtensionView }) {
  const { word, peer, calls } = view
  const state = calls.length > 1 && busyWords.has(word) ? plural('board.calls', calls.length) : t(`state.${word}`)
  const more = peer ? peer.main : forwardText(view)
  return (
    <>
      <b>{state}</b>
      {more && (
        <>
          {' · '}
          <bdi>{more}</bdi>
        </>
      )}
    </>
  )
}

/** Where calls go, as far as the state of the phone makes it matter. */
function forwardText({ word, forwards }: ExtensionView): string {
  const always = forwards.find(({ when }) => when === 'always')
  const first = always ?? (word === 'offline' ? forwards.find(({ when }) => when === 'unavailable') : forwards[0])
  if (!first || busyWords.has(word)) return ''
  if (word === 'forwarded') return targetText(first.target)
  return t(`forward.short.${first.when}`, { target: targetText(first.target) })
}

/** A key that may not see numbers gets an ellipsis, or one with the last two digits. */
export function targetText(target: string): string {
  return target === '…' ? t('party.hidden') : phoneNumber(target)
}

function Lamps({ view: { word, forwards, isDnd, messages } }: { view: ExtensionView }) {
  const isForwarded = forwards.length > 0 && word !== 'forwarded'
  if (!isForwarded && messages === 0 && (!isDnd || word === 'dnd')) return <span class="lamps" />
  return (
    <span class="lamps">
      {isDnd && word !== 'dnd' && (
        <span class="lamp" data-state="dnd">
          <Icon name="dnd" small />
          <span class="visually-hidden">{t('state.dnd')}</span>
        </span>
      )}
      {isForwarded && (
        <span class="lamp">
          <Icon name="forwarded" small />
          <span class="visually-hidden">{t('board.forwardLamp')}</span>
        </span>
      )}
      {messages > 0 && (
        <span class="lamp messages">
          <Icon name="voicemail" small />
          {messages}
          <span class="visually-hidden"> {plural('board.messages', messages)}</span>
        </span>
      )}
    </span>
  )
}
