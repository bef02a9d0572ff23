import { withoutAccents } from '../contracts/accents.ts'
import { type BoardWord, boardWords, byNumber, type ExtensionView } from './extension-view.ts'
import { t } from './language.ts'

export const sortOrders = ['number', 'name', 'state', 'time'] as const
export type SortOrder = (typeof sortOrders)[number]

/** Filter chips of the board, in their order; `on-call` includes calls that are being placed or on hold. */
export const filterWords = [
  'ringing',
  'on-call',
  'available',
  'dnd',
  'forwarded',
  'away',
  'offline',
  'unknown',
] as const
export type FilterWord = (typeof filterWords)[number]

export interface ListFilter {
  text: string
  state: FilterWord | undefined
  order: SortOrder
}

export function filterOf(query: URLSearchParams): ListFilter {
  return {
    text: query.get('q') ?? '',
    state: filterWords.find((word) => word === query.get('state')),
    order: sortOrders.find((order) => order === query.get('sort')) ?? 'number',
  }
}

/** Whether an extension is counted by a filter chip. One that has a forward counts as forwarded, whatever else it does. */
export function isIn({ word, forwards, isDnd }: ExtensionView, filter: FilterWord): boolean {
  if (filter === 'forwarded') return forwards.length > 0
  if (filter === 'dnd') return isDnd
  if (filter === 'on-call') return word === 'on-call' || word === 'calling' || word === 'on-hold'
  return word === filter
}

/** Letters without accents and case, so that `elodie` finds Élodie. */
function plain(text: string): string {
  return withoutAccents(text).toLowerCase()
}

export function matchesText({ extension, name, word }: ExtensionView, text: string): boolean {
  const words = plain(`${extension} ${name} ${t(`state.${word}`)}`)
  return plain(text)
    .split(/\s+/)
    .every((part) => words.includes(part))
}

const orders: Record<SortOrder, (a: ExtensionView, b: ExtensionView) => number> = {
  number: byNumber,
  name: (a, b) => a.name.localeCompare(b.name, undefined, { sensitivity: 'base' }) || byNumber(a, b),
  state: (a, b) => rank(a.word) - rank(b.word) || byNumber(a, b),
  time: (a, b) => b.sinceMs - a.sinceMs || byNumber(a, b),
}

function rank(word: BoardWord): number {
  return boardWords.indexOf(word)
}

export function listed(views: readonly ExtensionView[], { text, state, order }: ListFilter): ExtensionView[] {
  return views
    .filter((view) => (!state || isIn(view, state)) && (text === '' || matchesText(view, text)))
    .sort(orders[order])
}

export interface ExtensionGroup {
  title: string
  views: ExtensionView[]
}

/** Fewer extensions than this are one group. */
const groupedFrom = 13

function rangeOf(views: readonly ExtensionView[]): string {
  const [first, last] = [views[0]?.extension ?? '', views.at(-1)?.extension ?? '']
  return first === last ? first : `${first} – ${last}`
}

/** Groups extensions by the first digit of numbers of the same length. The PBX does not say which department a phone belongs to. */
export function grouped(views: readonly ExtensionView[], { order }: ListFilter): ExtensionGroup[] {
  if (order !== 'number' || views.length < groupedFrom) return [{ title: t('board.phones'), views: [...views] }]
  const groups = Map.groupBy(views, ({ extension }) =>
    /^\d+$/.test(extension) ? `${extension.length} ${extension[0]}` : '',
  )
  return [...groups].map(([key, of]) => ({ title: key === '' ? t('board.otherGroup') : rangeOf(of), views: of }))
}
