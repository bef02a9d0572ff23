import { useState } from 'preact/hooks'
import { t } from '../language.ts'
import { Icon } from './icon.tsx'

/** Copies a text, and says that it did. */
export function CopyButton({ text, label }: { text: string; label: string }) {
  const [outcome, setOutcome] = useState<'copied' | 'refused'>()
  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => setOutcome('copied'),
      // The browser allows it on a page that has the focus.
      () => setOutcome('refused'),
    )
  return (
    <>
      <button type="button" class="button" onClick={copy}>
        <Icon name={outcome === 'copied' ? 'available' : 'copy'} small />
        {label}
      </button>
      <span class="note" role="status">
        {outcome && t(outcome === 'copied' ? 'copy.done' : 'copy.refused')}
      </span>
    </>
  )
}
