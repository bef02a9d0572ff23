import { useEffect, useRef } from 'preact/hooks'

/** What a key does. Names are `KeyboardEvent.key`; two keys in a row are written `g b`. */
export type Keys = Readonly<Record<string, ((event: KeyboardEvent) => void) | undefined>>

/** Later entries win: a drawer closes by Escape before the page clears its filter. */
const stack: { current: Keys }[] = []
/** The second key of a pair must follow within this time. */
const pairMsMax = 1_000
let first: { key: string; at: number } | undefined

const stored = 'switchhook.singleKeys'

/** Single keys can be turned off (WCAG 2.1.4): dictation software types them. */
export function hasSingleKeys(): boolean {
  return localStorage.getItem(stored) !== 'off'
}

export function setSingleKeys(isOn: boolean): void {
  localStorage.setItem(stored, isOn ? 'on' : 'off')
}

/** Registers keys as long as the component is shown. They rest in fields and while a modal dialog is open. */
export function useKeys(keys: Keys): void {
  const entry = useRef(keys)
  entry.current = keys
  useEffect(() => {
    stack.push(entry)
    return () => void stack.splice(stack.indexOf(entry), 1)
  }, [])
}

function find(name: string): Keys[string] {
  return stack.map(({ current }) => current[name]).findLast((act) => act !== undefined)
}

function isField(target: EventTarget | null): boolean {
  return target instanceof Element && target.matches('input:not([type="checkbox"]), select, textarea')
}

export function startKeyboard(): void {
  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.isComposing || document.querySelector('dialog[open]')) return
    const isCommand = event.ctrlKey || event.metaKey
    if (isCommand) return run(`ctrl ${event.key.toLowerCase()}`, event)
    if (event.altKey || (isField(event.target) && event.key !== 'Escape')) return
    const isSingle = event.key.length === 1
    if (isSingle && !hasSingleKeys()) return
    const before = first && event.timeStamp - first.at < pairMsMax ? first.key : undefined
    const key = isSingle ? event.key.toLowerCase() : event.key
    first = { key, at: event.timeStamp }
    const pair = before && find(`${before} ${key}`)
    if (pair) {
      first = undefined
      event.preventDefault()
      return pair(event)
    }
    run(key, event)
  })
}

function run(name: string, event: KeyboardEvent): void {
  const act = find(name)
  if (!act) return
  event.preventDefault()
  act(event)
}

/** Moves the focus among the rows of the page (`[data-row]`): by order, or to the nearest one above or below. */
export function moveFocus(direction: 'next' | 'previous' | 'up' | 'down'): void {
  const rows = [...document.querySelectorAll<HTMLElement>('main [data-row]')]
  const focused = document.activeElement
  const at = focused instanceof HTMLElement ? rows.indexOf(focused) : -1
  const step = direction === 'next' || direction === 'down' ? 1 : -1
  const own = rows[at]?.getBoundingClientRect()
  if (!own || direction === 'next' || direction === 'previous') {
    rows[own ? at + step : 0]?.focus()
    return
  }
  const away = (row: HTMLElement) => {
    const box = row.getBoundingClientRect()
    return { along: (box.top - own.top) * step, aside: Math.abs(box.left - own.left) }
  }
  const beyond = rows.map((row) => ({ row, ...away(row) })).filter(({ along }) => along > 4)
  beyond.sort((a, b) => a.along + 4 * a.aside - (b.along + 4 * b.aside))
  beyond[0]?.row.focus()
}

/** Makes the rows of a page one stop of the Tab key: the row that had the focus last, or else the first one. */
export function keepOneStop(): void {
  const rows = [...document.querySelectorAll<HTMLElement>('main [data-row]')]
  const current =
    rows.find((row) => row === document.activeElement) ?? rows.find((row) => row.tabIndex === 0) ?? rows[0]
  for (const row of rows) {
    const tabIndex = row === current ? 0 : -1
    if (row.tabIndex !== tabIndex) row.tabIndex = tabIndex
  }
}
