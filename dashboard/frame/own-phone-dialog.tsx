import { useState } from 'preact/hooks'
import { Select, Switch } from '../components/fields.tsx'
import { Modal } from '../components/modal.tsx'
import { keepOwnPhone, ownPhone } from '../extension.ts'
import { t } from '../language.ts'
import { isNotifying, setNotifying } from '../notifications.ts'
import { useSession } from '../session.ts'

/** Which phone is one's own: it rings first in calls from the page, and the browser can say when it rings. */
export function OwnPhoneDialog({ onClose }: { onClose: () => void }) {
  const { board } = useSession()
  const [own, setOwn] = useState(ownPhone() ?? '')
  const [isOn, setOn] = useState(isNotifying)
  const [isRefused, setRefused] = useState(false)
  const phones = board.extensions.map(
    ({ endpoint, extension, name }) => [endpoint, [extension, name].filter(Boolean).join(' · ')] as const,
  )
  const toggle = async (wanted: boolean) => {
    const isNow = await setNotifying(wanted)
    setOn(isNow)
    setRefused(wanted && !isNow)
  }
  return (
    <Modal title={t('ownPhone.title')} onClose={onClose}>
      <Select
        label={t('ownPhone.which')}
        value={own}
        options={[['', t('ownPhone.none')] as const, ...phones]}
        onChoose={(endpoint) => {
          keepOwnPhone(endpoint)
          setOwn(endpoint)
        }}
      />
      <p class="hint">{t('ownPhone.hint')}</p>
      <div class="setting">
        <b>{t('ownPhone.notify')}</b>
        <p>{isRefused ? t('ownPhone.notifyRefused') : t('ownPhone.notifyHint')}</p>
        <Switch label={t('ownPhone.notify')} isOn={isOn} onToggle={toggle} />
      </div>
    </Modal>
  )
}
