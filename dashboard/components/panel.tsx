import type { ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'

interface PanelProps {
  title: string
  /** A few words beside the title. */
  note?: string | undefined
  actions?: ComponentChildren
  class?: string
  children: ComponentChildren
}

/** A part of a page under a heading. */
export function Panel({ title, note, actions, class: name = '', children }: PanelProps) {
  const id = useId()
  return (
    <section class={`panel ${name}`} aria-labelledby={id}>
      <header>
        <h2 id={id}>{title}</h2>
        {note !== undefined && <span class="note">{note}</span>}
        {actions && <span class="end">{actions}</span>}
      </header>
      {children}
    </section>
  )
}

/** A table that scrolls sideways by itself. It can have the focus, so that the keyboard can scroll it (WCAG 2.1.1). */
export function TableBox({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for form fields
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <div class="table-box" role="group" aria-label={label} tabIndex={0}>
      {children}
    </div>
  )
}
