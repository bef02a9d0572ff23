import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { useKeys } from '../keyboard.ts'
import { t } from '../language.ts'
import { navigate } from '../router.ts'
import { Icon } from './icon.tsx'

interface DrawerProps {
  title: ComponentChildren
  /** Address without the drawer: closing goes there. */
  backTo: string
  /** Buttons beside the title. */
  actions?: ComponentChildren
  children: ComponentChildren
}

/** A panel beside a list with the details of one item. It has an address, so Back closes it and a reload keeps it. */
export function Drawer({ title, backTo, actions, children }: DrawerProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  const opener = useRef<Element | null>(null)
  const close = () => {
    navigate(backTo)
    if (opener.current instanceof HTMLElement && opener.current.isConnected) opener.current.focus()
  }
  useKeys({ Escape: close })
  useEffect(() => {
    opener.current = document.activeElement
    heading.current?.focus()
  }, [])
  return (
    <section class="drawer" aria-labelledby="drawer-title">
      <header>
        <h2 id="drawer-title" ref={heading} tabIndex={-1}>
          {title}
        </h2>
        {actions}
        <button type="button" class="button ghost square" onClick={close}>
          <span class="visually-hidden">{t('action.close')}</span>
          <Icon name="close" />
        </button>
      </header>
      {children}
    </section>
  )
}
