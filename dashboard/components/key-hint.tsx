/** The key of a button, beside its name. Screen readers read the name only. */
export function KeyHint({ keys, isLabel }: { keys: string; isLabel?: boolean }) {
  return (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: a kbd cannot have the focus
    <kbd class={isLabel ? 'label' : undefined} aria-hidden="true">
      {keys}
    </kbd>
  )
}
