import { Modal } from '../components/modal.tsx'
import { t } from '../language.ts'
import { CallForm } from './call-form.tsx'

/** Calls a number from any page. */
export function CallDialog({ number, onClose }: { number: string; onClose: () => void }) {
  return (
    <Modal title={t('action.call')} onClose={onClose}>
      <CallForm callee={number} isFocused />
    </Modal>
  )
}
