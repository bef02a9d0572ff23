import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { t } from '../language.ts'
import { Icon } from './icon.tsx'

interface ModalProps {
  title: string
  onClose: () => void
  isWide?: boolean
  children: ComponentChildren
}

/** The browser's modal dialog keeps the focus inside, Escape closes it, and the focus returns to where it was. */
export function Modal({ title, onClose, isWide, children }: ModalProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    dialog.current?.showModal()
    const first = dialog.current?.querySelector('[data-focus]')
    if (first instanceof HTMLInputElement) {
      first.focus()
      first.select()
    }
  }, [])
  return (
    <dialog ref={dialog} class={isWide ? 'modal wide' : 'modal'} aria-labelledby="modal-title" onClose={onClose}>
      <header>
        <h2 id="modal-title">{title}</h2>
        <button type="button" class="button ghost square" onClick={() => dialog.current?.close()}>
          <span class="visually-hidden">{t('action.close')}</span>
          <Icon name="close" />
        </button>
      </header>
      <div class="modal-body">{children}</div>
    </dialog>
  )
}
