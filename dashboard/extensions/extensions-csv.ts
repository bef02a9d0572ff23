import { forwardWhens } from '../../contracts/presence.ts'
import type { ExtensionView } from '../extension-view.ts'
import { t } from '../language.ts'

/** A spreadsheet would run a cell that begins with one of these as a formula. */
const formula = /^[=+\-@\t\r]/

function cell(text: string): string {
  const safe = formula.test(text) && !/^\+?\d+$/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** Returns the table of extensions as CSV (RFC 4180), with a byte order mark for spreadsheets. */
export function extensionsCsv(views: readonly ExtensionView[]): string {
  const head = [
    t('extensions.number'),
    t('extensions.name'),
    t('changes.state'),
    ...forwardWhens.map((when) => t(`forward.${when}`)),
    t('state.dnd'),
    t('extensions.messages'),
  ]
  const rows = views.map(({ extension, name, word, forwards, isDnd, messages }) => [
    extension,
    name,
    t(`state.${word}`),
    ...forwardWhens.map((when) => forwards.find((one) => one.when === when)?.target ?? ''),
    t(isDnd ? 'extensions.yes' : 'extensions.no'),
    String(messages),
  ])
  return `\ufeff${[head, ...rows].map((row) => row.map(cell).join(',')).join('\r\n')}\r\n`
}
